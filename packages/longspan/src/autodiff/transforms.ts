import { check, func } from "../check/index.js";
import { apply, constantOp, zerosLike } from "../ops/index.js";
import {
  type Concrete,
  formatShape,
  leafEntries,
  leaves,
  mapTree,
  owning,
  refill,
  ShapeError,
  sameShape,
  scope,
  scopeOfTransform,
  Tensor,
  type Value,
  withoutRelease,
} from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { checkLoss, checkLossIn, checkValues } from "./check-loss.js";
import { DualLevel } from "./dual.js";
import { deeper, needed, record, spreadOver } from "./linearised.js";
import { evaluate, transposeGraph } from "./transpose.js";

/** `deeper`, releasing all that is made inside but not returned, once no transform around it needs it. */
function releasing<T>(f: (level: number) => T): T {
  return scope(() => withoutRelease(() => deeper(f)));
}

/**
 * Value and derivative along a direction (forward mode): f(x) and J v.
 * @param f takes and returns trees of values.
 * @returns a function of x and of a tree of tangents of the same form.
 * @example jvp((x: Value) => mul(x, x))(tensor([3]), tensor([1])) // value [9], tangent [6]
 */
export function jvp<X, Y>(
  f: (x: X) => Y,
): (x: Concrete<X>, tangents: Concrete<X>) => { value: Concrete<Y>; tangent: Concrete<Y> } {
  check("jvp", "f", f, func);
  return (x, tangents) => {
    check("jvp", "x", x, treeKind);
    check("jvp", "tangents", tangents, treeKind);
    return releasing((level) => {
      const duals = new DualLevel(level);
      const ts = aligned("jvp: tangent", x, tangents);
      const lifted = refill(
        x,
        leaves(x).map((v, i) => duals.lift(v, ts[i])),
      );
      const out = checkValues({ what: "jvp" }, f(lifted as unknown as X));
      const value = mapTree(out, (v) => duals.primal(v));
      const tangent = mapTree(out, (v) => duals.tangent(v) ?? zerosLike(v));
      return unshared({ value, tangent }, [...leaves(x), ...ts]) as unknown as {
        value: Concrete<Y>;
        tangent: Concrete<Y>;
      };
    });
  };
}

/** A derivative that can be applied many times without running the function again. */
export interface Linearisation<X, Y> {
  readonly value: Concrete<Y>;
  /** J v */
  readonly pushforward: (tangents: Concrete<X>) => Concrete<Y>;
  /** J' w */
  readonly pullback: (cotangents: Concrete<Y>) => Concrete<X>;
  /** Releases the residuals that the derivative holds. */
  readonly dispose: () => void;
}

/**
 * Runs f at x once and keeps what its derivative needs: J v and J' w for as many v and w as wanted.
 * The caller owns the residuals: `dispose()` releases them.
 * @example
 * const { value, pushforward, pullback, dispose } = linearize((x: Value) => mul(x, x), tensor([1, 2]));
 * pushforward(tensor([1, 1])); // [2, 4]
 * pullback(tensor([1, 0])); // [2, 0]
 * dispose();
 */
export function linearize<X, Y>(f: (x: X) => Y, x: Concrete<X>): Linearisation<X, Y> {
  return linearized("linearize", f, x);
}

function linearized<X, Y>(what: string, f: (x: X) => Y, x: Concrete<X>): Linearisation<X, Y> {
  check(what, "f", f, func);
  check(what, "x", x, treeKind);
  const { result, dispose } = owning(() => {
    const r = record((at: X) => checkValues({ what }, f(at)), x);
    return { value: r.value, hidden: () => r };
  });
  const { value, graph } = result.hidden();
  return {
    value: result.value as unknown as Concrete<Y>,
    dispose,
    pushforward: (tangents) =>
      scope(() => {
        const env = new Map<Value, Value>();
        const floats = aligned(`${what}.pushforward: tangent`, x, tangents).filter(
          (v) => v.dtype !== "int32",
        );
        graph.inputs.forEach((v, i) => {
          env.set(v, floats[i]!);
        });
        evaluate(graph.equations, env);
        let i = 0;
        return mapTree(value, (v) => {
          const out = graph.outputs[i++];
          return out === undefined ? zerosLike(v) : (env.get(out) ?? out);
        }) as unknown as Concrete<Y>;
      }),
    pullback: (cotangents) =>
      scope(() => {
        const cts = aligned(`${what}.pullback: cotangent`, value, cotangents);
        return unshared(spreadOver(x, transposeGraph(graph, cts)), cts) as Concrete<X>;
      }),
  };
}

/**
 * The value of f at x and the map from cotangents of the value to cotangents of x (reverse mode).
 * @example
 * const { value, pullback, dispose } = vjp((x: Value) => exp(x), tensor([0, 1]));
 * pullback(tensor([1, 1])); // [1, 2.718]
 * dispose();
 */
export function vjp<X, Y>(
  f: (x: X) => Y,
  x: Concrete<X>,
): Pick<Linearisation<X, Y>, "value" | "pullback" | "dispose"> {
  const { value, pullback, dispose } = linearized("vjp", f, x);
  return { value, pullback, dispose };
}

/**
 * The value of a scalar function and its gradient with respect to the first argument: any tree of tensors; the gradient
 * has the same type. Everything else that was made on the way is released.
 *
 * @example
 * const f = valueAndGrad((p: { w: Value }) => sum(mul(p.w, p.w)));
 * const { value, grads } = f({ w: tensor([1, 2]) }); // 5, { w: [2, 4] }
 */
export function valueAndGrad<P, A extends unknown[]>(
  f: (params: P, ...rest: A) => Value,
): (params: Concrete<P>, ...rest: A) => { value: Tensor; grads: Concrete<P> } {
  return ofLoss("valueAndGrad", f);
}

/** @param what who asks, for messages */
function ofLoss<P, A extends unknown[]>(
  what: string,
  f: (params: P, ...rest: A) => Value,
): (params: Concrete<P>, ...rest: A) => { value: Tensor; grads: Concrete<P> } {
  check(what, "f", f, func);
  return (params, ...rest) => {
    check(what, "params", params, treeKind);
    const loss = (p: P) => ({ loss: checkLoss({ what }, f(p, ...rest)), aux: null });
    const { value, grads } = differentiated(loss, params);
    return { value, grads };
  };
}

/**
 * `valueAndGrad` for a function that also returns other things, such as final states; those are not differentiated.
 * @example
 * const f = valueGradAndAux((w: Value) => ({ loss: sum(square(w)), aux: { largest: max(w) } }));
 * const { value, grads, aux } = f(tensor([1, 2])); // 5, [2, 4], { largest: 2 }
 */
export function valueGradAndAux<P, A extends unknown[], X>(
  f: (params: P, ...rest: A) => { loss: Value; aux: X },
): (params: Concrete<P>, ...rest: A) => { value: Tensor; grads: Concrete<P>; aux: Concrete<X> } {
  check("valueGradAndAux", "f", f, func);
  return (params, ...rest) => {
    check("valueGradAndAux", "params", params, treeKind);
    return differentiated(
      (p: P) => checkLossIn({ what: "valueGradAndAux" }, "{ loss, aux }", f(p, ...rest)),
      params,
    );
  };
}

/** The value of a loss that was checked, its gradient, and what comes beside. */
function differentiated<P, X>(
  f: (params: P) => { loss: Value; aux: X },
  params: Concrete<P>,
): { value: Tensor; grads: Concrete<P>; aux: Concrete<X> } {
  return scopeOfTransform((need) => {
    const { value, graph: recorded } = record(f, params);
    const { loss } = value;
    // Only the loss is differentiated: its tangent is the first output.
    const position = leaves(value).indexOf(loss);
    const outputs = recorded.outputs.map((v, i) => (i === position ? v : undefined));
    const graph = needed({ ...recorded, outputs });
    // What the function made on its way and the derivative does not read would lie beside all that follows.
    need([value, graph.equations.map((eq) => eq.inputs)]);
    const one = apply(constantOp, { value: 1, shape: loss.shape, dtype: loss.dtype });
    const cts = outputs.map((v) => v && one);
    const grads = spreadOver(params, transposeGraph(graph, cts));
    return {
      value: loss as Tensor,
      grads: grads as Concrete<P>,
      aux: value.aux as unknown as Concrete<X>,
    };
  });
}

/**
 * The gradient of a scalar function with respect to its first argument.
 * @example grad((w: Value) => sum(square(w)))(tensor([1, 2])) // [2, 4]
 */
export function grad<P, A extends unknown[]>(
  f: (params: P, ...rest: A) => Value,
): (params: Concrete<P>, ...rest: A) => Concrete<P> {
  return gradOf("grad", f);
}

function gradOf<P, A extends unknown[]>(
  what: string,
  f: (params: P, ...rest: A) => Value,
): (params: Concrete<P>, ...rest: A) => Concrete<P> {
  const g = ofLoss(what, f);
  return (params, ...rest) => scope(() => g(params, ...rest).grads);
}

/**
 * Hessian-vector product of a scalar function: H v, by forward differentiation of the gradient; no Hessian is formed.
 * @example hessianVectorProduct((x: Value) => sum(mul(x, mul(x, x))))(tensor([1, 2]), tensor([1, 0])) // [6, 0]
 */
export function hessianVectorProduct<P, A extends unknown[]>(
  f: (params: P, ...rest: A) => Value,
): (params: Concrete<P>, direction: Concrete<P>, ...rest: A) => Concrete<P> {
  check("hessianVectorProduct", "f", f, func);
  return (params, direction, ...rest) =>
    scope(() => {
      check("hessianVectorProduct", "params", params, treeKind);
      aligned("hessianVectorProduct: direction", params, direction);
      const g = (p: P) =>
        gradOf("hessianVectorProduct", f)(p as unknown as Concrete<P>, ...rest) as unknown as P;
      return jvp(g)(params, direction).tangent;
    });
}

/** The leaves of `tree` in the order of `like`, matched by their paths. @throws ShapeError for one that is missing, extra or of another shape. */
export function aligned(what: string, like: unknown, tree: unknown): Value[] {
  const unmatched = new Map(leafEntries(tree));
  const found = leafEntries(like).map(([path, v]) => {
    const t = unmatched.get(path);
    unmatched.delete(path);
    if (t === undefined || !sameShape(t.shape, v.shape) || t.dtype !== v.dtype)
      throw new ShapeError(
        `${what} of ${path || "the argument"}: expected ${v.dtype} ${formatShape(v.shape)}, got ${t ? `${t.dtype} ${formatShape(t.shape)}` : "none"}`,
      );
    return t;
  });
  for (const path of unmatched.keys())
    throw new ShapeError(`${what} of ${path || "the argument"}: there is no such value`);
  return found;
}

/** Results that are the caller's own tensors become views, so that disposing of one leaves the other. */
export function unshared<T>(tree: T, own: readonly Value[]): T {
  const owned = new Set(own);
  return mapTree(tree, (v) => (v instanceof Tensor && owned.has(v) ? v.view(v.shape) : v));
}
