import { checkLossIn, valueGradAndAux } from "../autodiff/index.js";
import { type Captured, capture, uncapturable } from "../capture/index.js";
import { add, mul, sub, where } from "../ops/index.js";
import {
  allFinite,
  applyUpdates,
  branch,
  type ExplosionPolicy,
  type ExplosionState,
  type MomentumSetting,
  type Objective,
  type ObjectiveSetting,
  onExplosion,
  type StepSettings,
  type Transform,
} from "../optim/index.js";
import { settingsFor } from "../optim/settings-for.js";
import {
  fromArray,
  type Key,
  leaves,
  mapTrees,
  scope,
  type Tensor,
  type Traceable,
} from "../tensor/index.js";
import { type Explosion, explained, explosionIn } from "./explosion-at-step.js";
import type { ExplosionError } from "./explosion-error.js";
import { type Gradient, joined } from "./joined.js";
import type { Ranks } from "./ranks.js";
import type { Task } from "./task.js";
import { dispose, shared, type TrainingState } from "./training-state.js";

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

/** What changes at a step. */
type Parts<P, S, C> = Pick<TrainingState<P, S, C>, "params" | "optimiser" | "carried">;

/** What the loss gives. */
interface Seen<P, C> extends Gradient<P> {
  readonly carried: C;
  readonly measures: Readonly<Record<string, Tensor>>;
}

/** What the optimiser makes of it, with what it measures itself. */
interface Updated<P, S, C> extends Parts<P, S, C> {
  readonly measures: Readonly<Record<string, Tensor>>;
}

/** What a step does, as a function of its arguments. */
interface Taken<P, S, C> extends Updated<P, S, C>, Gradient<P> {}

/** The learning rate and the momentum of a step, where they are not those that the optimiser was made with: scalars. */
type Rates = Pick<StepSettings & MomentumSetting, "learningRate" | "momentum">;

/** The keys of a step. */
type Keys = Readonly<Record<"loss" | "optimiser", Key>>;

/** One step of training. On an asynchronous executor nothing is read back. */
export class TrainingStep<P, B, C, S> {
  private readonly take: (state: Parts<P, S, C>, batch: B, rates: Rates, keys: Keys) => Taken<P, S, C>;
  /** The two halves of a step, between which ranks join their gradients. */
  private readonly see: (state: Pick<Parts<P, S, C>, "params" | "carried">, batch: B, key: Key) => Seen<P, C>;
  private readonly update: (
    state: Parts<P, S, C>,
    seen: Pick<Seen<P, C>, "grads" | "carried">,
    rates: Rates,
    key: Key,
  ) => Updated<P, S, C>;
  private readonly captured: Captured<never, unknown>[] = [];
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
    private readonly ranks: Ranks<B, C> | null = null,
  ) {
    [this.forLoss, this.forOptimiser] = key.split(2) as [Key, Key];
    this.guarded = onExplosion(optimiser, policy);
    this.goesOn = policy.nonFinite !== "stop";
    const repeated = <A extends readonly unknown[], R>(f: (...args: A) => R): ((...args: A) => R) => {
      if (!task.capturable) return (...args) => scope(() => f(...args));
      const captured = capture(f, { otherwise: "call" });
      this.captured.push(captured);
      return captured;
    };
    this.take = repeated((state, batch, rates, keys) => {
      const { grads, loss, carried, measures } = this.differentiate(state, batch, keys.loss);
      const objective = this.objective(state.carried, batch, keys.loss);
      const next = this.updated(state, { grads, carried }, { ...rates, key: keys.optimiser, objective });
      return { ...next, grads, loss, measures: { ...measures, ...next.measures } };
    });
    this.see = repeated(this.differentiate.bind(this));
    this.update = repeated((state, seen, rates, key) =>
      this.updated(state, seen, { ...rates, key, objective: ofOneRank }),
    );
  }

  /** Gives back what is held for the next steps. */
  dispose(): void {
    for (const captured of this.captured) captured.dispose();
  }

  /** From the first explosion on at which the policy stops, the next state is the old one. */
  run(
    state: TrainingState<P, S, C>,
    batch: B,
    overrides: { readonly learningRate?: number; readonly momentum?: number },
  ): Step<P, S, C> {
    this.number = state.step;
    const keys = { loss: this.forLoss.fold(state.step), optimiser: this.forOptimiser.fold(state.step) };
    const rates = ratesOf(overrides, state.params);
    const taken = this.take(partsOf(state), batch, rates, keys);
    return this.done(state, taken, rates);
  }

  /**
   * The same step as all other ranks, each with its share of the batch. What is drawn at random in the net is drawn by each rank for itself.
   * @param batch null if nothing is left for this rank
   * @param weight its part of all predictions
   */
  async runTogether(
    state: TrainingState<P, S, C>,
    batch: B | null,
    overrides: { readonly learningRate?: number; readonly momentum?: number },
    weight: () => Promise<number>,
  ): Promise<Step<P, S, C>> {
    const { step, params, carried } = state;
    const { collective } = this.ranks!;
    const key = this.forLoss.fold(step).fold(collective.rank);
    const own = batch === null ? null : this.see({ params, carried }, batch, key);
    const all = await joined(collective, params, own, await weight());
    const rates = ratesOf(overrides, params);
    const seen = { grads: all.grads, carried: own?.carried ?? shared(carried) };
    const next = this.update(partsOf(state), seen, rates, this.forOptimiser.fold(step));
    dispose([own?.grads, own?.loss]);
    // What is carried may be handed on as it is.
    const held = new Set(leaves(next.carried));
    dispose(leaves(seen.carried).filter((v) => !held.has(v)));
    return this.done(state, { ...next, ...all, measures: { ...own?.measures, ...next.measures } }, rates);
  }

  private done(state: TrainingState<P, S, C>, taken: Taken<P, S, C>, rates: Rates): Step<P, S, C> {
    const { grads, loss, measures, ...next } = taken;
    dispose(rates);
    const explosion = explosionIn(next.optimiser, grads);
    dispose(grads);
    return { next: { ...state, ...next, step: state.step + 1 }, loss, measures, explosion };
  }

  private updated(
    state: Parts<P, S, C>,
    { grads, carried }: Pick<Seen<P, C>, "grads" | "carried">,
    settings: StepSettings & ObjectiveSetting,
  ): Updated<P, S, C> {
    const shown = settingsFor(this.guarded, settings);
    const step = this.guarded.update(grads, state.optimiser, state.params, shown);
    return {
      params: applyUpdates(state.params, step.updates),
      optimiser: step.state,
      carried: this.carriedOn(state, carried, step.state.stopped),
      measures: this.guarded.measures?.(step.state) ?? {},
    };
  }

  /** What went wrong at a step, found by doing it again from the state that was frozen there. */
  explain(state: TrainingState<P, S, C>, step: number): Promise<ExplosionError> {
    return explained(this.task, state, step, {
      key: this.forLoss,
      differentiate: this.differentiate.bind(this),
    });
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
      const whole = this.task.carriedAtStart(state.params);
      const start = this.ranks?.share.carried?.part(whole) ?? whole;
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

  private differentiate(state: Pick<Parts<P, S, C>, "params" | "carried">, batch: B, key: Key): Seen<P, C> {
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
    return { loss: unpenalised ?? value, grads: grads as unknown as P, carried, measures };
  }
}

function partsOf<P, S, C>({ params, optimiser, carried }: TrainingState<P, S, C>): Parts<P, S, C> {
  return { params, optimiser, carried };
}

/** In place of the loss on a batch that no rank has as a whole. */
const ofOneRank: Objective = {
  loss() {
    throw new Error(
      "train: an optimiser that looks at the loss again, such as hessianFree, works on one rank only: the others would have to look at their shares as often; choose another optimiser, or train with one rank",
    );
  },
};

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
