import { check } from "../check/index.js";
import type { Collective } from "./collective.js";
import { stateKind, taskKind } from "./kinds.js";
import type { Ranks } from "./ranks.js";
import type { Task } from "./task.js";
import { checkTrainOptions, type TrainOptions } from "./train-options.js";
import type { Trained } from "./train-reports.js";
import { TrainingRun } from "./training-run.js";
import type { TrainingState } from "./training-state.js";

/**
 * Trains: for each step a batch, the gradient of its loss, and what the optimiser makes of it.
 *
 * Nothing is read back from an asynchronous executor between reports, and no state is kept outside: the run is a function of the
 * task, the options and the state that goes in. With a budget of steps, validation by steps, and a schedule that depends on the
 * progress only, a run that is cut in two by saving and restoring the state ends with the same bits.
 *
 * A gradient that is not finite stops the run, unless `onExplosion` has it otherwise: the parameters are left as they were before
 * that step, and the error names the step, counted from 0, its batch and the parameters.
 *
 * @param state from `startTraining`, from an earlier run, or from `decodeCheckpoint`. It is used up: its tensors are released on the way.
 * @throws ExplosionError | NonFiniteLossError and what callbacks throw
 * @throws RangeError if the budget is not a non-negative number, or there is not enough for so many ranks
 * @throws TypeError if the task cannot be shared among ranks
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const optimiser = compose(clipByJointNorm(1), adam());
 * const { state, loss } = await train(task, startTraining(task, optimiser, model.init(Key.of(1))), {
 *   optimiser,
 *   budget: { steps: 20 },
 *   key: Key.of(2),
 *   schedule: warmUp(50, cosineSchedule({ peak: 0.002 })),
 *   callbacks: [{ onReport: ({ step, loss }) => console.log(step, loss) }],
 * });
 */
export async function train<P, B, C, S>(
  task: Task<P, B, C>,
  state: TrainingState<P, S, C>,
  // Callbacks that take any state do not widen the types of this one.
  options: TrainOptions<NoInfer<P>, NoInfer<S>, NoInfer<C>>,
): Promise<Trained<P, S, C>> {
  check("train", "task", task, taskKind);
  check("train", "state", state, stateKind);
  checkTrainOptions(options);
  const { collective } = options;
  const ranks = collective ? await ranksOf(task, collective) : null;
  const run = new TrainingRun(task, (await ranks?.begin(state)) ?? state, options, ranks);
  try {
    return await run.toTheEnd();
  } catch (error) {
    run.dispose();
    throw error;
  } finally {
    run.close();
  }
}
/** The ranks of a run; null where there is one. */
async function ranksOf<P, B, C>(task: Task<P, B, C>, collective: Collective): Promise<Ranks<B, C> | null> {
  if (collective.size === 1) return null;
  if (!task.share)
    throw new TypeError(
      `train: the task has no share, so its batches cannot be shared among ${collective.size} ranks; give it one, or train with one rank`,
    );
  const { Ranks } = await import("./loaded-later.js");
  return new Ranks(collective, task.share(collective));
}
