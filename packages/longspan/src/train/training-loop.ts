import { add, mul } from "../ops/index.js";
import type { Schedule, Transform } from "../optim/index.js";
import { type Key, scope, type Tensor } from "../tensor/index.js";
import { clock, type Pause, pacer } from "./pace.js";
import { dispose, type GuardedState, type Task, type TrainingState, TrainingStep } from "./training-step.js";

/** How long a run lasts: until so many steps are taken in all, or for so many minutes from its start, callbacks included. */
export type Budget = { readonly steps: number } | { readonly minutes: number };

/** How a run goes. */
export interface TrainOptions<P, S, C> {
  readonly optimiser: Transform<S>;
  readonly budget: Budget;
  /** The key of random draws; step k draws from stream k of it. */
  readonly key: Key;
  /** The learning rate of each step; the optimiser's own unless given. */
  readonly learningRate?: Schedule;
  /** Called with the loss now and then; training goes on when its promise settles. The time it takes is not training time. */
  readonly onReport?: (report: TrainReport<P, S, C>) => void | Promise<void>;
  /** Least time between reports, in seconds; 1 unless given, 0 for one at each step. There is one at the end in any case. */
  readonly reportSeconds?: number;
  /** The run ends after the current step once this says so, such as an `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean };
  /** Gives way to the event loop; called every 50 ms or, if that is longer, at each step. */
  readonly pause?: Pause;
}

/** Where a run stands. */
export interface TrainReport<P, S, C> {
  /** Steps taken in all. */
  readonly step: number;
  /** Share of the budget that is used up, in [0, 1]. */
  readonly fraction: number;
  /** Mean loss over the predictions since the last report. */
  readonly loss: number;
  /** Of the last step; undefined if the optimiser's own was used. */
  readonly learningRate: number | undefined;
  /** Training time of this run, in seconds: callbacks are not counted. */
  readonly seconds: number;
  /** Predictions made in this run. */
  readonly predictions: number;
  /** To look at or save before the callback settles: its tensors are released in the next step. */
  readonly state: TrainingState<P, S, C>;
}

/** What a run gives. */
export interface Trained<P, S, C> {
  /** Belongs to the caller, who releases it. */
  readonly state: TrainingState<P, S, C>;
  /** Why the run ended: the budget was used up, or the signal came. */
  readonly ended: "budget" | "signal";
  /** Mean loss over the predictions of at least the last 100 steps (of all, if there were fewer). NaN if there were none. */
  readonly loss: number;
  readonly seconds: number;
  readonly predictions: number;
}

/** A loss that is not finite though all gradients were. */
export class NonFiniteLossError extends Error {
  override name = "NonFiniteLossError";

  constructor(
    readonly loss: number,
    readonly firstStep: number,
    readonly lastStep: number,
  ) {
    super(
      `the loss is ${loss} at one of the steps ${firstStep} to ${lastStep}, although the gradients are finite. Remedies: a smaller learning rate, or a look at the batches of these steps`,
    );
  }
}

/**
 * Trains: for each step a batch, the gradient of its loss, and what the optimiser makes of it.
 *
 * Nothing is read back from the executor between reports, and no state is kept outside: the run is a function of the task, the
 * options and the state that goes in. With a budget of steps and a learning rate that depends on the progress only, a run that is
 * cut in two by saving and restoring the state ends with the same bits.
 *
 * A gradient that is not finite stops the run: the parameters are left as they were before that step, and the error names
 * the step, counted from 0, and the parameters.
 *
 * @param state from `startTraining` or an earlier run. It is used up: its tensors are released on the way.
 * @throws NonFiniteGradientError | NonFiniteLossError
 * @throws RangeError if the budget is not a non-negative number.
 * @example
 * const model = languageModel({ vocabulary: 65, embed: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const optimiser = compose(clipByJointNorm(1), adam());
 * const { state, loss } = await train(task, startTraining(task, optimiser, model.init(Key.of(1))), {
 *   optimiser,
 *   budget: { steps: 20 },
 *   key: Key.of(2),
 *   learningRate: warmUp(50, linearSchedule(0.002)),
 *   onReport: ({ step, loss }) => console.log(step, loss),
 * });
 */
export async function train<P, B, C, S>(
  task: Task<P, B, C>,
  state: TrainingState<P, S, C>,
  options: TrainOptions<P, S, C>,
): Promise<Trained<P, S, C>> {
  const { optimiser, budget, key, learningRate, onReport, reportSeconds = 1, signal, pause } = options;
  checkBudget(budget);
  const stepper = new TrainingStep(task, optimiser, key);
  const rest = pacer(pause);
  const begin = clock();
  const fractionAt = (step: number) =>
    "steps" in budget
      ? Math.min(1, budget.steps === 0 ? 1 : step / budget.steps)
      : Math.min(1, budget.minutes === 0 ? 1 : (clock() - begin) / (60_000 * budget.minutes));
  const guard = stepper.guarded.init(state.params);
  dispose(guard.inner);
  let current: GuardedState<P, S, C> = { ...state, optimiser: { ...guard, inner: state.optimiser } };
  let sum: Tensor | null = null;
  const losses = new RecentLoss(100);
  let [seconds, predictions, sinceReport] = [0, 0, 0];
  let [reportedAt, reportedStep] = [begin, state.step];
  const unguarded = () => ({ ...current, optimiser: current.optimiser.inner });
  try {
    let fraction = fractionAt(current.step);
    let ended: Trained<P, S, C>["ended"] | null = fraction >= 1 ? "budget" : null;
    while (ended === null) {
      const started = clock();
      const rate = learningRate?.({ step: current.step, fraction, validations: [] });
      const batch = task.batch(current.step);
      const count = task.predictions(batch);
      const next: Taken<P, S, C> = stepAndAdd(stepper, current, batch, rate, sum, count);
      dispose([current.params, current.optimiser, current.carried, sum]);
      current = next.state;
      sum = next.sum;
      predictions += count;
      sinceReport += count;
      await rest();
      fraction = fractionAt(current.step);
      ended = signal?.aborted ? "signal" : fraction >= 1 ? "budget" : null;
      const due = ended !== null || clock() - reportedAt >= 1000 * reportSeconds;
      let mean = 0;
      if (due) {
        mean = (await readLoss(stepper, current, sum, state.step, reportedStep)) / sinceReport;
        losses.add(current.step - reportedStep, mean, sinceReport);
        dispose(sum);
        sum = null;
        sinceReport = 0;
        reportedStep = current.step;
      }
      seconds += (clock() - started) / 1000;
      if (!due) continue;
      await onReport?.({
        step: current.step,
        fraction,
        loss: mean,
        learningRate: rate,
        seconds,
        predictions,
        state: unguarded(),
      });
      reportedAt = clock();
      // The callback takes time and may bring the signal.
      ended ??= signal?.aborted ? "signal" : fractionAt(current.step) >= 1 ? "budget" : null;
    }
    const { inner: _, ...counts } = current.optimiser;
    dispose([sum, counts]);
    return { state: unguarded(), ended, loss: losses.mean, seconds, predictions };
  } catch (error) {
    dispose([current.params, current.optimiser, current.carried, sum]);
    throw error;
  }
}

interface Taken<P, S, C> {
  readonly state: GuardedState<P, S, C>;
  /** Losses since the last report, each times its predictions. */
  readonly sum: Tensor;
}

function stepAndAdd<P, B, C, S>(
  stepper: TrainingStep<P, B, C, S>,
  state: GuardedState<P, S, C>,
  batch: B,
  learningRate: number | undefined,
  sum: Tensor | null,
  count: number,
): Taken<P, S, C> {
  return scope(() => {
    const { next, loss } = stepper.run(state, batch, learningRate);
    const weighted = mul(loss, count);
    return { state: next, sum: sum === null ? weighted : add(sum, weighted) };
  });
}

/** Reads the sum of the losses since the last report. @throws if the run has stopped since, saying why. */
async function readLoss<P, B, C, S>(
  stepper: TrainingStep<P, B, C, S>,
  state: GuardedState<P, S, C>,
  sum: Tensor,
  firstStep: number,
  reportedStep: number,
): Promise<number> {
  const { stopped, taken } = state.optimiser;
  const [[total], [isStopped], [count]] = await Promise.all([sum.data(), stopped.data(), taken.data()]);
  if (isStopped) throw await stepper.explain(state, firstStep + count!);
  if (!Number.isFinite(total)) throw new NonFiniteLossError(total!, reportedStep, state.step - 1);
  return total!;
}

/** The mean over the latest intervals that hold a given number of steps. */
class RecentLoss {
  private intervals: { steps: number; loss: number; predictions: number }[] = [];

  constructor(private readonly steps: number) {}

  add(steps: number, loss: number, predictions: number): void {
    this.intervals.push({ steps, loss, predictions });
    let held = this.intervals.reduce((n, i) => n + i.steps, 0);
    while (held - this.intervals[0]!.steps >= this.steps) held -= this.intervals.shift()!.steps;
  }

  get mean(): number {
    let [total, count] = [0, 0];
    for (const { loss, predictions } of this.intervals) {
      total += loss * predictions;
      count += predictions;
    }
    return total / count;
  }
}

function checkBudget(budget: Budget): void {
  const [name, amount] = "steps" in budget ? ["steps", budget.steps] : ["minutes", budget.minutes];
  if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY))
    throw new RangeError(`train: a budget of ${amount} ${name}; expected a number of at least 0`);
}
