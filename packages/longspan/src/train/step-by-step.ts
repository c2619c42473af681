import { valueAndGrad } from "../autodiff/index.js";
import { check, checkSettings, count, describe, func, isRecord, optional } from "../check/index.js";
import { applyUpdates, type Objective, type StepSettings, type Transform } from "../optim/index.js";
import { transformKind } from "../optim/kinds.js";
import { settingsFor } from "../optim/settings-for.js";
import {
  type Concrete,
  full,
  leaves,
  mapTree,
  releaseReplaced,
  scope,
  Tensor,
  type Value,
} from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";

/** Where a training that goes step by step stands. P: the parameters. S: the optimiser's state. */
export interface TrainingPoint<P, S> {
  readonly params: P;
  /** The optimiser's state. */
  readonly state: S;
  /** The loss that the last step began with: scalar. NaN before the first step. */
  readonly loss: Tensor;
  /** Steps taken. */
  readonly steps: number;
}

/** A step of training, as a function; made by `trainingStep`. A: what the loss takes besides the parameters. */
export interface StepOfTraining<P, S, A extends readonly unknown[]> {
  /** One step. It uses up where it begins: those tensors are released. */
  (at: TrainingPoint<P, S>, ...rest: A): TrainingPoint<P, S>;
  /** Where the first step begins. The parameters stay the caller's: the steps work on other tensors. */
  start(params: P): TrainingPoint<P, S>;
}

/** Settings of `trainingStep`. */
export interface StepByStepOptions<Extra = unknown> {
  /** What differs from one step to the next, such as the learning rate, by the number of steps taken before. */
  readonly settings?: (steps: number) => StepSettings & Extra;
}

/**
 * A step of training for a loop of one's own: the gradient of the loss, and what the optimiser makes of it. Memory stays as it is, however long
 * the loop and whether or not it lets the event loop run: a step releases the parameters, the optimiser's state and the loss that it
 * replaces, and what it makes on its way.
 *
 * What a step has used up throws when it is touched. `keep` holds on to it: the parameters of the best step so far, say. What else a loop makes,
 * such as the tensors of a batch, belongs to the loop: make it inside the loss, or put the loop's body into `scope`.
 *
 * For validation, checkpoints and reports, see `train`.
 *
 * @param loss one number, from the parameters and whatever the step is given besides
 * @throws TypeError if the loss or the optimiser is none, or if a step is given something else than the last one gave
 * @throws as `valueAndGrad` and the optimiser
 * @example
 * const loss = (p: { w: Value }, x: Value) => mean(square(sub(mul(p.w, x), 3)));
 * const step = trainingStep(loss, adam({ learningRate: 0.1 }));
 * let at = step.start({ w: tensor([0, 0]) });
 * for (let i = 0; i < 100; i++) at = scope(() => step(at, tensor([1, 2])));
 * onCpu(at.loss).item() < 0.1 // true
 */
export function trainingStep<P, S, A extends readonly unknown[], Extra>(
  loss: (params: P, ...rest: A) => Value,
  optimiser: Transform<S, Extra>,
  options?: StepByStepOptions<Extra>,
): StepOfTraining<Concrete<P>, S, A> {
  check("trainingStep", "loss", loss, func);
  check("trainingStep", "optimiser", optimiser, transformKind);
  const { settings: settingsOf } = checkSettings("trainingStep", options, { settings: optional(func) });
  const gradient = valueAndGrad((params: P, rest: A) => loss(params, ...rest));
  const step = (at: TrainingPoint<Concrete<P>, S>, ...rest: A): TrainingPoint<Concrete<P>, S> => {
    checkPoint(at);
    const next = scope(() => {
      const { value, grads } = gradient(at.params, rest);
      const objective: Objective = { loss: (params) => loss(params as P, ...rest) };
      const settings = {
        ...settingsOf?.(at.steps),
        ...settingsFor(optimiser, { objective }),
      } as StepSettings & Extra;
      const { updates, state } = optimiser.update(grads, at.state, at.params, settings);
      // A loss may give a parameter as it is, which goes.
      const began = ownView(value);
      return { params: applyUpdates(at.params, updates), state, loss: began, steps: at.steps + 1 };
    });
    releaseReplaced(
      [at.params, at.state, at.loss],
      "the training step that replaced it; use what the step returned",
    );
    return next;
  };
  step.start = (params: Concrete<P>): TrainingPoint<Concrete<P>, S> => {
    check("trainingStep.start", "params", params, treeKind);
    const own = mapTree(params, ownView);
    const dtype = leaves(params).find((v) => v.dtype !== "int32")?.dtype ?? "float32";
    return { params: own, state: optimiser.init(own), loss: full([], Number.NaN, dtype), steps: 0 };
  };
  return step;
}

/** The same data as a tensor that is released by itself; what stands for a tensor inside a transform is left as it is. */
function ownView<V extends Value>(v: V): V {
  return v instanceof Tensor ? (v.view(v.shape) as Value as V) : v;
}

function checkPoint(at: unknown): void {
  if (
    !isRecord(at) ||
    !treeKind.accepts(at.params) ||
    !treeKind.accepts(at.state) ||
    !count.accepts(at.steps)
  )
    throw new TypeError(
      `trainingStep: a step begins where start(params) or the step before ended, got ${describe(at)}; write "let at = step.start(params)" and then "at = step(at)"`,
    );
}
