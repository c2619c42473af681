import { checkLossIn, valueGradAndAux } from "../autodiff/index.js";
import { type Captured, capture, uncapturable } from "../capture/index.js";
import { add, mul, sub, where } from "../ops/index.js";
import {
  allFinite,
  applyUpdates,
  branch,
  type ExplosionPolicy,
  type ExplosionState,
  explosionCodes,
  type MomentumSetting,
  type Objective,
  type ObjectiveSetting,
  onExplosion,
  reportTensors,
  type StepSettings,
  type Transform,
} from "../optim/index.js";
import { settingsFor } from "../optim/settings-for.js";
import {
  fromArray,
  isOnCpu,
  type Key,
  leaves,
  mapTrees,
  onCpu,
  scope,
  type Tensor,
  type Traceable,
} from "../tensor/index.js";
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

/** What changes at a step. */
type Parts<P, S, C> = Pick<TrainingState<P, S, C>, "params" | "optimiser" | "carried">;

/** What a step does, as a function of its arguments. */
interface Taken<P, S, C> extends Parts<P, S, C> {
  readonly grads: P;
  readonly loss: Tensor;
  readonly measures: Readonly<Record<string, Tensor>>;
}

/** The learning rate and the momentum of a step, where they are not those that the optimiser was made with: scalars. */
type Rates = Pick<StepSettings & MomentumSetting, "learningRate" | "momentum">;

/** The keys of a step. */
type Keys = Readonly<Record<"loss" | "optimiser", Key>>;

/** One step of training. On an asynchronous executor nothing is read back. */
export class TrainingStep<P, B, C, S> {
  private readonly captured: Captured<[Parts<P, S, C>, B, Rates, Keys], Taken<P, S, C>> | null;
  /** The step that is being taken. */
  private number = 0;
  private readonly guarded: Transform<ExplosionState<S>>;
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
    this.captured = task.capturable ? capture(this.take.bind(this), { otherwise: "call" }) : null;
  }

  /** Gives back what is held for the next steps. */
  dispose(): void {
    this.captured?.dispose();
  }

  /** From the first explosion on at which the policy stops, the next state is the old one. */
  run(
    state: TrainingState<P, S, C>,
    batch: B,
    overrides: { readonly learningRate?: number; readonly momentum?: number },
  ): Step<P, S, C> {
    this.number = state.step;
    const { params, optimiser, carried } = state;
    const keys = { loss: this.forLoss.fold(state.step), optimiser: this.forOptimiser.fold(state.step) };
    const rates = ratesOf(overrides, params);
    const take = this.captured ?? this.take.bind(this);
    const { grads, loss, measures, ...next } = take({ params, optimiser, carried }, batch, rates, keys);
    dispose(rates);
    const explosion = explosionIn(next.optimiser, grads);
    dispose(grads);
    return { next: { ...state, ...next, step: state.step + 1 }, loss, measures, explosion };
  }

  private take(state: Parts<P, S, C>, batch: B, rates: Rates, keys: Keys): Taken<P, S, C> {
    return scope(() => {
      const { value, grads, carried, measures } = this.differentiate(state, batch, keys.loss);
      const settings: StepSettings & ObjectiveSetting = {
        ...rates,
        key: keys.optimiser,
        objective: this.objective(state.carried, batch, keys.loss),
      };
      const step = this.guarded.update(
        grads,
        state.optimiser,
        state.params,
        settingsFor(this.guarded, settings),
      );
      return {
        params: applyUpdates(state.params, step.updates),
        optimiser: step.state,
        carried: this.carriedOn(state, carried, step.state.stopped),
        grads,
        loss: value,
        measures: { ...measures, ...this.guarded.measures?.(step.state) },
      };
    });
  }

  /** What went wrong at a step, found by doing it again from the state that was frozen there. */
  async explain(state: TrainingState<P, S, C>, step: number): Promise<ExplosionError> {
    const batch = this.task.batch(step);
    const { value, grads, carried, measures } = scope(() =>
      this.differentiate(state, batch, this.forLoss.fold(step)),
    );
    dispose([carried, measures]);
    const reads = [reportTensors(grads), reportTensors(state.params), reportTensors(batch)] as const;
    const [gradients, parameters, inputs] = await Promise.all(reads);
    const [held, [loss], [norm]] = await Promise.all([
      reportTensors(state.carried),
      value.data(),
      state.optimiser.norm.data(),
    ]);
    dispose([value, grads]);
    // Loaded when it is needed: a page that trains does not wait for it.
    const { flowOf } = await import("../flow/flow-report.js");
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
      { jacobians: 0, exponents: 0, weights: false, ratios: false, powers: false },
    );
    const report = { step, batch: this.task.describe?.(step) ?? null, norm: norm!, gradients };
    return new ExplosionError(report, { loss: loss!, parameters, batch: inputs, carried: held, flow });
  }

  /**
   * What is carried into the next step. Once the run has stopped, that is what it was; where it goes on, a state that is not finite
   * begins anew, as at the start, so that one bad batch does not spoil all that follow.
   */
  private carriedOn(state: Parts<P, S, C>, carried: C, stopped: Tensor): C {
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
  private objective(carried: C, batch: B, key: Key): Objective {
    const { task, number: step } = this;
    let made: B | undefined;
    const forCurvature = () => {
      // It follows from the number of the step, which is not among the arguments.
      if (task.curvatureBatch) uncapturable("takes a batch for the curvature");
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
    state: Pick<Parts<P, S, C>, "params" | "carried">,
    batch: B,
    key: Key,
  ): { value: Tensor; grads: P; carried: C; measures: Readonly<Record<string, Tensor>> } {
    const f = valueGradAndAux((params: Traceable<P>) => {
      const {
        loss,
        carried,
        penalty,
        measures = {},
      } = checkLossIn(
        { what: "train", function: "the loss of the task" },
        "{ loss, carried }",
        this.task.loss(params, batch, state.carried, key),
      );
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

/** A rate that is none stays a number, for the error of the transform that takes it. */
function ratesOf(numbers: Readonly<Record<string, number>>, params: unknown): Rates {
  const dtype = leaves(params).find((v) => v.dtype !== "int32")?.dtype ?? "float32";
  return Object.fromEntries(
    Object.entries(numbers).map(([name, x]) => [
      name,
      Number.isFinite(x) && x >= 0 ? fromArray([x], [], dtype) : x,
    ]),
  );
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
