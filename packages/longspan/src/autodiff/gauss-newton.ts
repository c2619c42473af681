import { check, func, number } from "../check/index.js";
import { apply, constantOp, type Linear, mul, zerosLike } from "../ops/index.js";
import { type Concrete, formatShape, owning, scope, type Tensor, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { checkLoss } from "./check-loss.js";
import { needed, record, spreadOver } from "./linearised.js";
import { watchModelOutputs } from "./model-outputs.js";
import type { LinearGraph } from "./trace.js";
import { aligned, unshared } from "./transforms.js";
import { evaluate, transposeGraph } from "./transpose.js";

/** A loss, and values that a step of the parameters should not move much. */
export interface LossBeside {
  readonly loss: Value;
  /** Each adds weight / 2 |x - x0|^2 to the model of the loss, x0 being its value now. */
  readonly beside: readonly { readonly value: Value; readonly weight: number }[];
}

/** The curvature of a loss at one point; made by `gaussNewton`. */
export interface GaussNewton<P> {
  /** The outputs that the loss marks with `markModelOutputs`, in their order. */
  readonly outputs: readonly Tensor[];
  /** The derivative of the loss with respect to them. */
  readonly outputGradients: readonly Tensor[];
  /**
   * (J' H J + beside sum of weight K' K) v, K being the Jacobian of a value beside.
   * @param beside what the values beside count; 0 by default
   */
  product(direction: Concrete<P>, beside?: number): Concrete<P>;
  /** J' w: what cotangents of the outputs become at the parameters. */
  pullback(cotangents: readonly Value[]): Concrete<P>;
  /** Releases what the products need. */
  dispose(): void;
}

/**
 * The Gauss-Newton matrix of a loss, as a product that can be taken many times:
 *
 *     G = J' H J,   J = d outputs / d params,   H = d^2 loss / d outputs^2
 *
 * The outputs are those that the loss marks (`markModelOutputs`), as all losses of the library do. Where the loss is convex in them, G has no
 * negative curvature; it is the Hessian without the terms of the model's own second derivatives. J and H are recorded once: a product
 * runs the derivative of the model forwards and backwards, and nothing of the loss's model twice.
 *
 * What of the loss does not go through a mark, such as a penalty on the parameters, has no part in G.
 *
 * The caller owns what is recorded: `dispose()` releases it.
 *
 * @param f runs twice here, and must do the same both times. It may return values beside the loss, for structural damping.
 * @throws TypeError if nothing is marked
 * @throws ShapeError if the loss is not one number
 * @see Schraudolph (2002), "Fast curvature matrix-vector products for second-order gradient descent"; Martens, Sutskever (2011),
 * "Learning recurrent neural networks with Hessian-free optimization", section 3.1
 * @example
 * const loss = (p: { w: Value }) => meanSquaredErrorMean(mul(p.w, tensor([1, 2])), tensor([3, 3]));
 * const curvature = gaussNewton(loss, { w: tensor([1, 1]) });
 * curvature.product({ w: tensor([1, 1]) }); // { w: [1, 4] }
 * curvature.dispose();
 */
export function gaussNewton<P>(f: (params: P) => Value | LossBeside, params: Concrete<P>): GaussNewton<P> {
  check("gaussNewton", "f", f, func);
  check("gaussNewton", "params", params, treeKind);
  const { result, dispose } = owning(() => {
    const model = recordModel(f, params);
    const loss = recordLoss(f, params, model.outputs);
    const { weights } = model;
    // As a function: what it holds is not the result's, and goes with `dispose`.
    const parts = { model: needed(model.graph), loss: needed(loss.graph), weights };
    // Views: an output may be a tensor of the caller's.
    const views = (tensors: readonly Tensor[]) => tensors.map((t) => t.view(t.shape));
    return {
      outputs: views(model.outputs),
      outputGradients: views(loss.gradients),
      parts: () => parts,
    };
  });
  const { outputs, outputGradients } = result;
  const { model, loss, weights } = result.parts();
  let disposed = false;
  const checkKept = () => {
    if (disposed)
      throw new Error("gaussNewton: a product after dispose(); call it when you are done with products");
  };
  return {
    outputs,
    outputGradients,
    product: (direction, beside = 0) =>
      scope(() => {
        checkKept();
        check("gaussNewton.product", "beside", beside, number);
        const floats = aligned("gaussNewton.product: direction", params, direction).filter(
          (v) => v.dtype !== "int32",
        );
        const moved = applied(model, floats);
        const [ofOutputs, ofBeside] = [moved.slice(0, outputs.length), moved.slice(outputs.length)];
        const curved = applied(
          loss,
          ofOutputs.map((u, k) => u ?? zerosLike(outputs[k]!)),
        );
        const held = ofBeside.map((u, k) => (beside === 0 || !u ? undefined : mul(u, beside * weights[k]!)));
        return spreadOver(params, transposeGraph(model, [...curved, ...held])) as Concrete<P>;
      }),
    pullback: (cotangents) =>
      scope(() => {
        checkKept();
        const cts = aligned("gaussNewton.pullback: cotangent", outputs, cotangents);
        return unshared(spreadOver(params, transposeGraph(model, cts)), cts) as Concrete<P>;
      }),
    dispose() {
      disposed = true;
      dispose();
      for (const t of [...outputs, ...outputGradients]) t.dispose();
    },
  };
}

/**
 * The product of a loss's Gauss-Newton matrix with a direction. For many products at one point, `gaussNewton`.
 * @throws as `gaussNewton`
 * @example
 * const loss = (p: { w: Value }) => meanSquaredErrorMean(mul(p.w, tensor([1, 2])), tensor([3, 3]));
 * gaussNewtonProduct(loss)({ w: tensor([1, 1]) }, { w: tensor([1, 0]) }) // { w: [1, 0] }
 */
export function gaussNewtonProduct<P>(
  f: (params: P) => Value,
): (params: Concrete<P>, direction: Concrete<P>) => Concrete<P> {
  check("gaussNewtonProduct", "f", f, func);
  return (params, direction) =>
    scope(() => {
      check("gaussNewtonProduct", "params", params, treeKind);
      aligned("gaussNewtonProduct: direction", params, direction);
      const curvature = gaussNewton(f, params);
      try {
        return curvature.product(direction);
      } finally {
        curvature.dispose();
      }
    });
}

/** The derivative of the outputs, and of the values beside, with respect to the parameters. */
function recordModel<P>(f: (params: P) => Value | LossBeside, params: Concrete<P>) {
  let marked = 0;
  let weights: readonly number[] = [];
  const { value, graph } = record((p: P) => {
    const outputs: Value[] = [];
    const mark = (o: Value) => {
      outputs.push(o);
      return o;
    };
    const { beside } = split(watchModelOutputs(mark, () => f(p)));
    if (outputs.length === 0)
      throw new TypeError(
        "gaussNewton: the loss marks no outputs. The losses of the library do, such as crossEntropyMean or meanSquaredErrorMean; in a loss of your own, pass what it is convex in through markModelOutputs(). Inside a cell's step, and inside a function that is differentiated by itself, marks are not seen: form the loss from the cell's outputs",
      );
    marked = outputs.length;
    weights = beside.map((b) => b.weight);
    return [...outputs, ...beside.map((b) => b.value)];
  }, params);
  return { outputs: (value as Tensor[]).slice(0, marked), graph, weights };
}

/** The gradient of the loss with respect to the outputs, and the derivative of that. */
function recordLoss<P>(
  f: (params: P) => Value | LossBeside,
  params: Concrete<P>,
  outputs: readonly Tensor[],
): { gradients: Tensor[]; graph: LinearGraph } {
  const gradient = (at: readonly Value[]): Value[] => {
    const inner = record((variables: readonly Value[]) => {
      let k = 0;
      const next = (o: Value): Value => {
        const value = variables[k++];
        if (value === undefined || formatShape(value.shape) !== formatShape(o.shape))
          throw new TypeError(
            "gaussNewton: the function marked other outputs when it ran again; it must do the same each time",
          );
        return value;
      };
      return split(watchModelOutputs(next, () => f(params as unknown as P))).loss;
    }, at);
    const loss = inner.value;
    const one = apply(constantOp, { value: 1, shape: loss.shape, dtype: loss.dtype });
    return spreadOver(at, transposeGraph(inner.graph, [one])) as Value[];
  };
  const { value, graph } = record(gradient, outputs);
  return { gradients: value as Tensor[], graph };
}

function split(out: Value | LossBeside): LossBeside {
  const asked = { what: "gaussNewton" };
  const isRecord = typeof out === "object" && out !== null && "loss" in out;
  if (!isRecord) return { loss: checkLoss(asked, out), beside: [] };
  if (!Array.isArray(out.beside))
    throw new TypeError(
      `gaussNewton: the function must return a loss, or { loss, beside }, got a record with ${Object.keys(out).join(", ")}`,
    );
  checkLoss(asked, out.loss);
  return out;
}

/** A recorded linear function of values. */
function applied(graph: LinearGraph, values: readonly Value[]): Linear[] {
  const env = new Map<Value, Value>();
  graph.inputs.forEach((v, i) => {
    env.set(v, values[i]!);
  });
  evaluate(graph.equations, env);
  return graph.outputs.map((v) => v && (env.get(v) ?? v));
}
