import { valueGradAndAux } from "../autodiff/index.js";
import { flowOf } from "../flow/index.js";
import { add, mul, sub, where } from "../ops/index.js";
import {
  allFinite,
  applyUpdates,
  branch,
  type ExplosionPolicy,
  type ExplosionState,
  explosionCodes,
  type Objective,
  onExplosion,
  reportTensors,
  type StepSettings,
  type Transform,
} from "../optim/index.js";
import { isOnCpu, type Key, mapTrees, onCpu, scope, type Tensor, type Traceable } from "../tensor/index.js";
import { ExplosionError, type StepReport } from "./explosion-error.js";
import type { Task } from "./task.js";
import { dispose, type TrainingState } from "./training-state.js";

/** What a step gives. */
export interface Step<P, S, C> {
  /** The state after the step; its history is the old one. */
  readonly next: TrainingState<P, S, C>;
  /** The mean loss without the penalty: scalar. */
  readonly loss: Tensor;
  /** What the task measured: scalars. */
  readonly measures: Readonly<Record<string, Tensor>>;
  /**
   * What the guard did, if it did anything: the gradient is being read for the report. Null on an executor that cannot be read at
   * once; there only the counts in the state tell.
   */
  readonly explosion: Explosion | null;
}

interface Explosion {
  readonly action: "random" | "skip" | "stop";
  readonly seen: Promise<Pick<StepReport, "norm" | "gradients">>;
}

/** One step of training. On an asynchronous executor nothing is read back. */
export class TrainingStep<P, B, C, S> {
  private readonly guarded: ReturnType<typeof onExplosion<S>>;
  private readonly goesOn: boolean;
  private readonly forLoss: Key;
  private readonly forOptimiser: Key;

  constructor(
    private readonly task: Task<P, B, C>,
    optimiser: Transform<S>,
    policy: ExplosionPolicy,
    key: Key,
  ) {
    [this.forLoss, this.forOptimiser] = key.split(2) as [Key, Key];
    this.guarded = onExplosion(optimiser, policy);
    this.goesOn = policy.nonFinite !== "stop";
  }

  /** From the first explosion on at which the policy stops, the next state is the old one. */
  run(
    state: TrainingState<P, S, C>,
    batch: B,
    given: Pick<StepSettings, "learningRate" | "momentum">,
  ): Step<P, S, C> {
    let explosion: Step<P, S, C>["explosion"] = null;
    const { next, loss, measures } = scope(() => {
      const { value, grads, carried, measures } = this.differentiate(state, batch, state.step);
      const settings: StepSettings = {
        ...given,
        key: this.forOptimiser.fold(state.step),
        objective: this.objective(state, batch),
      };
      const step = this.guarded.update(grads, state.optimiser, state.params, settings);
      explosion = explosionIn(step.state, grads);
      return {
        next: {
          ...state,
          step: state.step + 1,
          params: applyUpdates(state.params, step.updates),
          optimiser: step.state,
          carried: this.carriedOn(state, carried, step.state.stopped),
        },
        loss: value,
        measures: { ...measures, ...this.guarded.measures?.(step.state) },
      };
    });
    return { next, loss, measures, explosion };
  }

  /** What went wrong at a step, found by doing it again from the state that was frozen there. */
  async explain(state: TrainingState<P, S, C>, step: number): Promise<ExplosionError> {
    const batch = this.task.batch(step);
    const { value, grads, carried, measures } = scope(() => this.differentiate(state, batch, step));
    dispose([carried, measures]);
    const reads = [reportTensors(grads), reportTensors(state.params), reportTensors(batch)] as const;
    const [gradients, parameters, inputs] = await Promise.all(reads);
    const [held, [loss], [norm]] = await Promise.all([
      reportTensors(state.carried),
      value.data(),
      state.optimiser.norm.data(),
    ]);
    dispose([value, grads]);
    const { layers: flow } = await flowOf(
      // Without a flow penalty, which watches the layers itself.
      (params: Traceable<P>) => {
        const key = this.forLoss.fold(step);
        const { loss } =
          this.task.unpenalised?.(params, batch, state.carried, key) ??
          this.task.loss(params, batch, state.carried, key);
        return loss;
      },
      state.params,
      { jacobians: 0, exponents: 0, weights: false },
    );
    const report = { step, batch: this.task.describe?.(step) ?? null, norm: norm!, gradients };
    return new ExplosionError(report, { loss: loss!, parameters, batch: inputs, carried: held, flow });
  }

  /**
   * What is carried into the next step. Once the run has stopped, that is what it was; where it goes on, a state that is not finite
   * begins anew, as at the start, so that one bad batch does not spoil all that follow.
   */
  private carriedOn(state: TrainingState<P, S, C>, carried: C, stopped: Tensor): C {
    if (!this.goesOn)
      return mapTrees(carried, [state.carried], ([after, before]) => where(stopped, before!, after!));
    const clean = mul(allFinite(carried), sub(1, stopped));
    const otherwise = () => {
      const start = this.task.carriedAtStart(state.params);
      return mapTrees(state.carried, [start], ([before, first]) => where(stopped, before!, first!));
    };
    return branch(clean, () => carried, otherwise);
  }

  /** The loss of a step, for an optimiser that looks at it again. The batch of curvature is made when it is asked for. */
  private objective({ carried, step }: TrainingState<P, S, C>, batch: B): Objective {
    const { task } = this;
    const key = this.forLoss.fold(step);
    let made: B | undefined;
    const forCurvature = () => {
      made ??= task.curvatureBatch?.(step) ?? batch;
      return made;
    };
    return {
      loss: (at) => {
        const { loss, penalty } = task.loss(at as Traceable<P>, batch, carried, key);
        return penalty ? add(loss, penalty) : loss;
      },
      curvature: (at) => task.loss(at as Traceable<P>, forCurvature(), carried, key).loss,
      sizes: () => ({ batch: task.predictions(batch), curvature: task.predictions(forCurvature()) }),
    };
  }

  private differentiate(
    state: TrainingState<P, S, C>,
    batch: B,
    step: number,
  ): { value: Tensor; grads: P; carried: C; measures: Readonly<Record<string, Tensor>> } {
    const f = valueGradAndAux((params: Traceable<P>) => {
      const {
        loss,
        carried,
        penalty,
        measures = {},
      } = this.task.loss(params, batch, state.carried, this.forLoss.fold(step));
      return {
        loss: penalty ? add(loss, penalty) : loss,
        aux: { carried, measures, unpenalised: penalty ? loss : null },
      };
    });
    const { value, grads, aux } = f(state.params as Parameters<typeof f>[0]);
    const { carried, measures, unpenalised } = aux as unknown as {
      carried: C;
      measures: Record<string, Tensor>;
      unpenalised: Tensor | null;
    };
    return { value: unpenalised ?? value, grads: grads as unknown as P, carried, measures };
  }
}

const actions = ["random", "skip", "stop"] as const;

function explosionIn({ lastAction, norm }: ExplosionState<unknown>, grads: unknown): Explosion | null {
  if (!isOnCpu(lastAction)) return null;
  const code = onCpu(lastAction).item();
  const action = actions.find((name) => explosionCodes[name] === code);
  if (action === undefined) return null;
  const size = onCpu(norm).item();
  return { action, seen: reportTensors(grads).then((gradients) => ({ norm: size, gradients })) };
}
