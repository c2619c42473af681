import { checkLoss, grad } from "../autodiff/index.js";
import { check, checkSettings, count, func, listOf, optional } from "../check/index.js";
import { add, mul } from "../ops/index.js";
import {
  fromArray,
  leafEntries,
  leaves,
  mapTree,
  mapTrees,
  read,
  scope,
  type Traceable,
  type Value,
} from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import {
  castTree,
  floatType,
  type Structure,
  type UnfoldCall,
  unfold,
  watchUnfolds,
} from "../unfold/index.js";
import { type CurvatureAtLag, lagsToSplitAt } from "./by-lag.js";
import { type CurvatureVerdict, curvatureVerdictOf } from "./curvature-verdict.js";
import { dispose, draws, norm, owned } from "./layer-steps.js";
import { distancesOf } from "./paths.js";
import { curvatureAt } from "./second-derivatives.js";
import { isRecurrent, untreated } from "./state-gradients.js";
import { copyMark, withWeightCopy } from "./weight-copies.js";

/** Settings of `curvatureByLag`. */
export interface CurvatureOptions {
  /** The lags that are looked at, in rising order, but for those that no sequence has; by default all of the first 32, then fewer and fewer. */
  readonly lags?: readonly number[];
}

/** Curvature against lag in one recurrent layer. */
export interface LayerCurvature {
  /** Its place among the recurrent layers, as in a flow report, and its cell's name. */
  readonly layer: number;
  readonly cell: string;
  /** Numbers in its weights. */
  readonly weights: number;
  /** Empty for a cell that draws random numbers in its step, or has no weights. */
  readonly lags: readonly CurvatureAtLag[];
  readonly verdict: CurvatureVerdict;
}

/** What `curvatureByLag` gives. */
export interface CurvatureReport {
  readonly loss: number;
  readonly layers: readonly LayerCurvature[];
}

/**
 * Whether second derivatives vanish with the first: for each recurrent layer, of any cell, the gradient and the curvature of the loss
 * with respect to the weights as they are used k steps before the end. Over trees and graphs, k is the number of edges on the shortest
 * path from a node to one whose state is final, and the edge steps that lead to a node use its weights.
 *
 *     L(W(0), W(1), ...): the loss, if each lag k had a copy W(k) of the layer's weights W
 *     g(k) = dL/dW(k),   H(k,k) = d^2 L / dW(k)^2,   G(k,k) = J(k)' (d^2 L / dz^2) J(k),   J(k) = dz/dW(k)
 *
 * all at W(k) = W. Given are |g(k)|, and g'Hg/g'g and g'Gg/g'g for the block of lag k alone (`own`) and for the Hessian with respect
 * to W itself, in which all copies move together (`tied`). The gradient of W is the sum of the g(k).
 *
 * A direction through the weights of one lag reaches the loss through k steps, so J(k) shrinks as g(k) does: G(k,k), quadratic in
 * J(k), shrinks as the square of |g(k)|. The rest of H(k,k) is dL/dh times a second derivative of the step: it shrinks as |g(k)| if the
 * step is curved. Only where |g'Hg/g'g| / |g| stays constant can a division of first by second derivatives make up for what vanishes.
 *
 * Give the loss at the step that you ask about, as for `flowReport`. The outputs z of G are those that the loss marks: the losses of the
 * library do, a loss of your own passes what it is convex in through `markModelOutputs`.
 *
 * The layer runs in float64, what is around it in the model's type: values below 1e-38 need float64 parameters. Clipping of states and
 * truncation are ignored. Each lag costs about ten runs of the loss with its gradient.
 *
 * @param loss runs several times per lag, and must do the same each time
 * @throws Error if no recurrent layer takes part
 * @throws RangeError for lags that are no rising integers from 0 on
 * @see Goodfellow, Bengio, Courville (2016), sections 8.2.5 and 10.11.1; Martens and Sutskever (2011)
 * @example
 * const cell = rnn({ input: 2, hidden: 8 });
 * const { layers } = await curvatureByLag((params) => {
 *   const { final } = unfold(cell, params, { x: ones([40, 2]) }, chain([20, 20]));
 *   return sum(square(markModelOutputs(final.h)));
 * }, cell.init(Key.of(1)));
 * layers[0]!.lags[5]!.own!.hessian / layers[0]!.lags[5]!.gradient; // the ratio at lag 5
 * layers[0]!.verdict.words; // "per step of lag, |g| changes by the factor ..."
 */
export async function curvatureByLag<P>(
  loss: (params: Traceable<P>) => Value,
  params: P,
  options?: CurvatureOptions,
): Promise<CurvatureReport> {
  check("curvatureByLag", "loss", loss, func);
  check("curvatureByLag", "params", params, treeKind);
  const { lags } = checkSettings("curvatureByLag", options, {
    lags: optional(listOf(count, "a list of lags")),
  });
  if (lags?.some((lag, i) => !Number.isInteger(lag) || lag < 0 || (i > 0 && lag <= lags[i - 1]!)))
    throw new RangeError(
      `curvatureByLag: lags are integers from 0 on in rising order, got ${lags.join(", ")}`,
    );
  const computeLoss: LossFunction = () => checkLoss({ what: "curvatureByLag" }, loss(params as Traceable<P>));
  const calls: UnfoldCall[] = [];
  const seen = scope(() => {
    const value = watchUnfolds((call, go) => {
      if (isRecurrent(call)) calls.push(call);
      return go(untreated(call.options));
    }, computeLoss);
    return owned({ value, weights: calls.map((call) => castTree(call.params, "float64")) });
  });
  if (calls.length === 0)
    throw new Error("curvatureByLag: the loss runs no recurrent layer; nothing to report on");
  try {
    const layers: LayerCurvature[] = [];
    for (const [layer, { cell, structure }] of calls.entries()) {
      const weights = seen.weights[layer]!;
      const count = leaves(weights).reduce((n, v) => n + v.size, 0);
      const none =
        count === 0
          ? "the layer has no weights"
          : draws(cell)
            ? "the layer draws random numbers in its step"
            : null;
      const found = none === null ? await lagsOfLayer(computeLoss, layer, structure, weights, lags) : [];
      const verdict = curvatureVerdictOf(found, none ?? "its sequences have no step at the lags asked for");
      layers.push({ layer, cell: cell.name, weights: count, lags: found, verdict });
    }
    return { loss: (await read(seen.value))[0]!, layers };
  } finally {
    dispose(seen);
  }
}

/** A loss, its parameters given. */
type LossFunction = () => Value;

async function lagsOfLayer(
  computeLoss: LossFunction,
  layer: number,
  structure: Structure,
  weights: unknown,
  lags: readonly number[] | undefined,
): Promise<CurvatureAtLag[]> {
  const lagOf = distancesOf(structure);
  const count = lagOf.reduce((most, lag) => Math.max(most, lag + 1), 0);
  const all = lagOf.map(() => 1);
  const at = withCopy(computeLoss, layer);
  const found: CurvatureAtLag[] = [];
  for (const lag of lags?.filter((k) => k < count) ?? lagsToSplitAt(count)) {
    const marked = lagOf.map((k) => (k === lag ? 1 : 0));
    const g = scope(() => grad((copy: unknown) => at(copy, marked))(weights as never)) as unknown;
    const entries = await Promise.all(leafEntries(g).map(async ([, v]) => [...(await read(v))]));
    dispose(g);
    const size = norm(entries.map(norm));
    if (size === 0) {
      found.push({ lag, gradient: 0, own: null, tied: null });
      continue;
    }
    let i = 0;
    const direction = mapTree(weights, (v) =>
      fromArray(
        entries[i++]!.map((x) => x / size),
        v.shape,
        "float64",
      ),
    );
    const along = (marks: Int32Array) =>
      curvatureAt((e) =>
        at(
          mapTrees(weights, [direction], ([w, d]) => add(w!, mul(d!, e))),
          marks,
        ),
      );
    try {
      found.push({ lag, gradient: size, own: await along(marked), tied: await along(all) });
    } finally {
      dispose(direction);
    }
  }
  return found;
}

/** The loss as a function of a copy of one layer's weights, which the nodes marked by 1 use. */
function withCopy(computeLoss: LossFunction, layer: number) {
  let derived: ReturnType<typeof withWeightCopy> | undefined;
  return (copy: unknown, marked: Int32Array): Value => {
    let at = 0;
    return watchUnfolds((call, go) => {
      const options = untreated(call.options);
      if (!isRecurrent(call) || at++ !== layer) return go(options);
      const { cell, params, inputs, structure } = call;
      derived ??= withWeightCopy(cell);
      const markedInputs = {
        ...castTree(inputs, "float64"),
        [copyMark]: fromArray(marked, [marked.length], "int32"),
      };
      const initial = castTree(options.initial ?? {}, "float64");
      const both = { shared: castTree(params, "float64"), copy };
      const result = unfold(derived, both as never, markedInputs, structure, { ...options, initial });
      return castTree(result, floatType(params, inputs, options.initial));
    }, computeLoss);
  };
}
