import { gaussNewton, hessianVectorProduct } from "../autodiff/index.js";
import {
  atLeastZero,
  checkSettings,
  count,
  finitePositive,
  flag,
  type KindsOf,
  optional,
  rate,
  size,
} from "../check/index.js";
import { add, mul } from "../ops/index.js";
import { alignedLeaves } from "../optim/aligned.js";
import { applyUpdates } from "../optim/apply-updates.js";
import { checked } from "../optim/checked.js";
import { objectiveKinds } from "../optim/kinds.js";
import { learningRateOf } from "../optim/learning-rate.js";
import type { Objective, ObjectiveSetting } from "../optim/objective.js";
import { own } from "../optim/own.js";
import type { TensorTree, Transform, TransformStep } from "../optim/transform.js";
import { zerosLike } from "../optim/zeros-like.js";
import {
  full,
  isOnCpu,
  Key,
  leaves,
  mapTree,
  onCpu,
  scope,
  type Tensor,
  type Value,
} from "../tensor/index.js";
import { chooseStep } from "./choose-step.js";
import { conjugateGradient } from "./conjugate-gradient.js";
import { FlatVectors } from "./flat-vectors.js";
import { withHiddenStates } from "./hidden-states.js";
import { inner } from "./inner-product.js";
import { preconditioner } from "./preconditioner.js";

/** Settings of `hessianFree`. */
export interface HessianFreeOptions {
  /** lambda before the first update, positive; 1 by default. It adapts. */
  readonly damping?: number;
  /** mu: the part of structural damping, of at least 0; 0.03 by default. Without recurrent layers it does nothing. */
  readonly structural?: number;
  /** Conjugate gradient steps at most; 300 by default. */
  readonly maxSteps?: number;
  /** When conjugate gradients end (`conjugateGradient`); 0.0005 by default. */
  readonly progress?: number;
  /** What of the last solution the next one starts with, in [0, 1); 0.95 by default. */
  readonly decay?: number;
  /** Passes back for the preconditioner; 8 by default, 0 for no preconditioner. */
  readonly preconditionerSamples?: number;
  /** Whether the Hessian along the gradient and along the step is measured: two Hessian-vector products. True by default. */
  readonly measureHessian?: boolean;
  /** What a chosen step is multiplied by; 1 by default. A step may be given another one (`StepSettings`). */
  readonly learningRate?: number;
}

/** Figures of an update, scalars. */
export interface HessianFreeFigures {
  /** lambda that the update was made with. */
  readonly damping: Tensor;
  /** Conjugate gradient steps. */
  readonly cgSteps: Tensor;
  /** The step whose stage was chosen. */
  readonly cgStep: Tensor;
  /** rho: what was won as a share of what the model promised. */
  readonly ratio: Tensor;
  /** Of the line search; 0 for no step. */
  readonly stepLength: Tensor;
  /** p' A p / p' p of a direction of negative curvature that the solver met, else 0. */
  readonly negativeCurvature: Tensor;
  /** g' G g / g' g */
  readonly gaussNewtonAlongGradient: Tensor;
  /** g' H g / g' g of the Hessian; NaN if not measured. */
  readonly hessianAlongGradient: Tensor;
  /** The same along the stage that was chosen. */
  readonly hessianAlongStep: Tensor;
  /** Predictions in the batch of the products; 0 if not known. */
  readonly curvatureBatch: Tensor;
  /** Of the whole update, in gradients of its batch, by the number of multiplications: a product counts 4/3, a loss 1/3. */
  readonly cost: Tensor;
}

const figureNames: readonly (keyof HessianFreeFigures)[] = [
  "damping",
  "cgSteps",
  "cgStep",
  "ratio",
  "stepLength",
  "negativeCurvature",
  "gaussNewtonAlongGradient",
  "hessianAlongGradient",
  "hessianAlongStep",
  "curvatureBatch",
  "cost",
];

/** State of `hessianFree`. */
export interface HessianFreeState {
  /** lambda of the next update: scalar. */
  readonly damping: Tensor;
  /** The last solution: tree of the parameters' form. */
  readonly solution: TensorTree;
  /** Of the last update; NaN before the first. */
  readonly last: HessianFreeFigures;
}

/**
 * Hessian-free optimisation: each update minimises a quadratic model of the loss by conjugate gradients.
 *
 *     q(x) = g' x + x' A x / 2,   A = G + lambda I + lambda mu S
 *
 * G is the Gauss-Newton matrix of the loss (`gaussNewton`), so any loss that marks its outputs will do, as those of the library do.
 * S is that of the distance by which the states of the recurrent layers move, summed over their nodes and averaged over sequences
 * (structural damping). The penalty of a `weightDecay` before it in a chain is part of the loss and of G. One update:
 *
 * 1. G and S are recorded once, on the curvature batch.
 * 2. `conjugateGradient` starts at `decay` times the last solution, with the preconditioner (d + lambda)^(3/4), d being an estimate of the mean squared
 *    gradient of a prediction, from a few passes back with random signs.
 * 3. Backtracking among the stages of the solution, then a line search, both on the loss of the gradient's batch.
 * 4. Levenberg-Marquardt: with rho = (loss after - loss before) / q of the chosen stage, lambda is multiplied by 3/2 if rho < 1/4,
 *    by 2/3 if rho > 3/4; it stays where the promise is lost in the rounding of the loss.
 *
 * It takes the loss from the step settings (`ObjectiveSetting`), which the training loop gives; in a loop of your own, pass it. It needs an
 * executor that can be read at once. Random signs come from the key of the settings, the same ones each time without it. Where the gradient is not finite, it hands
 * it on and its state stays as it was: `onExplosion` decides. Where the loss or the first product with A is not finite, the update is NaN for the same reason. Options of `unfold` that treat or checkpoint the gradient have no part in G and S.
 *
 * @throws RangeError for a setting out of range; TypeError at the step if there is no objective, or an executor that is read asynchronously;
 * ShapeError naming the path if parameters, gradient and the state's solution differ in form
 * @see Martens (2010), "Deep learning via Hessian-free optimization"; Martens, Sutskever (2011), "Learning recurrent neural networks
 * with Hessian-free optimization". Unlike there, the preconditioner is estimated, and the distance of states is the squared one.
 * @example
 * const loss = (p: { w: Value }) => crossEntropyMean(matmul(tensor([[1, 0], [0, 1]]), p.w), tensor([0, 1], "int32"));
 * const optimiser = hessianFree();
 * let params = { w: zeros([2, 2]) };
 * let state = optimiser.init(params);
 * for (let k = 0; k < 10; k++) {
 *   const { grads } = valueAndGrad(loss)(params);
 *   const step = optimiser.update(grads, state, params, { objective: { loss } });
 *   params = applyUpdates(params, step.updates);
 *   state = step.state;
 * }
 * // loss(params) 0.012, from ln 2 = 0.693
 */
export function hessianFree(options: HessianFreeOptions = {}): Transform<HessianFreeState, ObjectiveSetting> {
  const settled = { ...usual, ...checkSettings("hessianFree", options, kinds) };
  return checked(
    "hessianFree",
    ["damping", "solution", "last"],
    {
      init: (params) => ({
        damping: full([], settled.damping, "float64"),
        solution: zerosLike(params),
        last: figures({}),
      }),
      update: (grads, state, params, settings = {}) => {
        const { objective, key = Key.of(0) } = settings;
        if (objective === undefined)
          throw new TypeError(
            "hessianFree: an update needs the loss itself; give it in the settings of the step, such as { objective: { loss } }. train() does",
          );
        alignedLeaves("hessianFree", grads, { parameter: params, "last solution": state.solution });
        if (!isOnCpu(state.damping))
          throw new TypeError(
            "hessianFree: an update reads scalars on its way, so it needs an executor on the CPU",
          );
        return scope(() => {
          const eta = learningRateOf("hessianFree", params, settled.learningRate, settings);
          const options = { ...settled, learningRate: onCpu(eta).item() };
          return updateOf(grads, state, params, options, objective, key);
        });
      },
      measures: ({ last }) =>
        Object.fromEntries(measured.map(([label, name]) => [label, own(last[name]) as Tensor])),
    },
    objectiveKinds,
  );
}

const usual = {
  damping: 1,
  structural: 0.03,
  maxSteps: 300,
  progress: 0.0005,
  decay: 0.95,
  preconditionerSamples: 8,
  measureHessian: true,
  learningRate: 1,
};

/** What reports of training tell. */
const measured = [
  ["damping", "damping"],
  ["cg steps", "cgSteps"],
  ["reduction ratio", "ratio"],
  ["step length", "stepLength"],
  ["negative curvature", "negativeCurvature"],
  ["hessian along gradient", "hessianAlongGradient"],
  ["hessian along step", "hessianAlongStep"],
  ["curvature batch", "curvatureBatch"],
  ["cost in gradients", "cost"],
] as const;

/** How lambda follows the reduction ratio. */
const damping = { low: 1 / 4, high: 3 / 4, up: 3 / 2, down: 2 / 3 } as const;

function updateOf<P>(
  grads: P,
  state: HessianFreeState,
  params: P,
  options: typeof usual,
  objective: Objective,
  key: Key,
): TransformStep<P, HessianFreeState> {
  if (!leaves(params).some((v) => v.dtype !== "int32" && v.size > 0))
    return { updates: zerosLike(params) as P, state: mapTree(state, own) };
  const flat = new FlatVectors(params);
  const g = flat.vector(grads);
  const gg = inner(g, g);
  if (!Number.isFinite(gg)) return { updates: mapTree(grads, own), state: mapTree(state, own) };
  const lambda = onCpu(state.damping).item();
  const decay = decayOf(params, flat, objective);
  const model: Model<P> = { params, flat, g, gg, lambda, decay, objective, options };
  const lossOf = (at: P) => scope(() => onCpu(objective.loss(at)).item());
  const [before, rounding] = scope(() => {
    const loss = onCpu(objective.loss(params));
    return [loss.item(), loss.dtype === "float64" ? 2 ** -52 : 2 ** -23] as const;
  });
  const moved = (x: Tensor, length: number) => scope(() => applyUpdates(params, flat.tree(mul(x, length))));
  const { solution, curvatureAlongGradient, products } = solve(model, state.solution, key);
  if (!Number.isFinite(before) || (solution.steps === 0 && solution.ended === "not finite"))
    return { updates: flat.tree(mul(g, Number.NaN)), state: mapTree(state, own) };
  const lossAt = (x: Tensor, length: number) => scope(() => lossOf(moved(x, length)));
  const chosen = chooseStep(solution.iterates, before, lossAt, (x) => inner(g, x));

  const { ratio } = chosen;
  // At a stationary point, up to the rounding of the loss, the model promises nothing that could be compared.
  const promised = -chosen.iterate.q;
  const negligible = gg === 0 || (promised > 0 && promised <= rounding * Math.abs(before));
  const low = ratio < damping.low;
  const factor = negligible ? 1 : ratio > damping.high ? damping.down : low ? damping.up : 1;
  const x = mul(chosen.iterate.x, chosen.length * options.learningRate) as Tensor;
  const alongHessian = hessianAlong(model);
  const { batch = 0, curvature = batch } = objective.sizes?.() ?? {};
  const share = batch > 0 ? curvature / batch : 1;
  const passes = options.preconditionerSamples * (2 / 3) + (options.measureHessian ? 4 : 0);
  return {
    updates: flat.tree(x),
    state: {
      damping: full([], lambda * factor, "float64"),
      solution: flat.tree(solution.iterates.at(-1)!.x) as TensorTree,
      last: figures({
        damping: lambda,
        cgSteps: solution.steps,
        cgStep: chosen.iterate.step,
        ratio,
        stepLength: chosen.length,
        negativeCurvature: solution.negativeCurvature ?? 0,
        gaussNewtonAlongGradient: curvatureAlongGradient,
        hessianAlongGradient: alongHessian(g),
        hessianAlongStep: alongHessian(chosen.iterate.x),
        curvatureBatch: curvature,
        cost: 1 + share * (2 + passes + (products * 4) / 3) + (chosen.evaluations + 1) / 3,
      }),
    },
  };
}

/** What makes the quadratic model of an update. */
interface Model<P> {
  readonly params: P;
  readonly flat: FlatVectors<P>;
  readonly g: Tensor;
  /** g' g */
  readonly gg: number;
  readonly lambda: number;
  /** Rates of quadratic penalties, as a vector; null for none. */
  readonly decay: Tensor | null;
  readonly objective: Objective;
  readonly options: typeof usual;
}

/** The minimum of the quadratic model, as conjugate gradients find it from the last one. */
function solve<P>(
  { params, flat, g, gg, lambda, decay, objective, options }: Model<P>,
  last: TensorTree,
  key: Key,
) {
  const { structural, preconditionerSamples: samples } = options;
  const curvature = gaussNewton(
    withHiddenStates<P>((p) => curvatureLoss(objective, p), structural > 0),
    params as never,
  );
  try {
    let products = 0;
    const gaussNewtonProduct = (v: Value, beside: number) => {
      products += 1;
      const product = flat.vector(curvature.product(flat.tree(v) as never, beside));
      return decay ? (add(product, mul(decay, v)) as Tensor) : product;
    };
    const curvatureAlongGradient =
      gg === 0 ? Number.NaN : scope(() => inner(g, gaussNewtonProduct(g, 0))) / gg;
    const solution = conjugateGradient(
      (v) => add(gaussNewtonProduct(v, structural * lambda), mul(v, lambda)) as Tensor,
      mul(g, -1) as Tensor,
      {
        start: mul(flat.vector(last), options.decay) as Tensor,
        ...(samples > 0
          ? {
              preconditioner: preconditioner(curvature, flat as never, {
                key,
                samples,
                damping: decay ? add(decay, lambda) : lambda,
              }),
            }
          : {}),
        maxSteps: options.maxSteps,
        progress: options.progress,
      },
    );
    return { solution, curvatureAlongGradient, products };
  } finally {
    curvature.dispose();
  }
}

function curvatureLoss(objective: Objective, params: unknown): Value {
  return objective.curvature ? objective.curvature(params) : objective.loss(params);
}

/** The rates of the penalties that the loss has and the curvature's loss has not. */
function decayOf<P>(params: P, flat: FlatVectors<P>, { decay }: Objective): Tensor | null {
  return decay ? flat.vector(mapTree(params, (p, path) => full(p.shape, decay(path), p.dtype))) : null;
}

/** v' H v / v' v of the curvature batch's loss: what Gauss-Newton leaves out shows here, and negative curvature with it. */
function hessianAlong<P>({ params, flat, decay, objective, options }: Model<P>) {
  const loss = (p: P) => withHiddenStates<P>((at) => curvatureLoss(objective, at), false)(p).loss;
  return (v: Tensor): number => {
    const size = inner(v, v);
    if (!options.measureHessian || !(size > 0)) return Number.NaN;
    return scope(() => {
      const Hv = hessianVectorProduct(loss)(params as never, flat.tree(v) as never);
      const penalty = decay ? inner(v, mul(decay, v) as Tensor) : 0;
      return (inner(v, flat.vector(Hv)) + penalty) / size;
    });
  };
}

function figures(found: Partial<Record<keyof HessianFreeFigures, number>>): HessianFreeFigures {
  const entries = figureNames.map((name) => [name, full([], found[name] ?? Number.NaN, "float64")]);
  return Object.fromEntries(entries) as unknown as HessianFreeFigures;
}

const kinds: KindsOf<HessianFreeOptions> = {
  damping: optional(finitePositive),
  structural: optional(atLeastZero),
  maxSteps: optional(size),
  progress: optional(atLeastZero),
  decay: optional(rate),
  preconditionerSamples: optional(count),
  measureHessian: optional(flag),
  learningRate: optional(atLeastZero),
};
