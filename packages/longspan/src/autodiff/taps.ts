import { apply, constantOp } from "../ops/index.js";
import {
  type Concrete,
  formatShape,
  mapTree,
  ShapeError,
  scope,
  type Value,
  withoutRelease,
} from "../tensor/index.js";
import { DualLevel } from "./dual.js";
import { deeper } from "./linearised.js";
import { Trace, type Var } from "./trace.js";
import { transposeGraph } from "./transpose.js";

/** What `gradientsAtTaps` gives. */
export interface TappedGradients<X> {
  /** The function's value. */
  readonly value: Value;
  /** The derivative of the value with respect to each tapped value, in the order of the taps; null where it is zero. */
  readonly gradients: readonly (Value | null)[];
  readonly aux: Concrete<X>;
}

/**
 * The gradient of a scalar with respect to values in the middle of its computation: `f` hands those that are asked about through
 * `tap` and goes on with what it gets. Each tap is a variable of its own: the gradient at a tap does not go through the taps before it.
 *
 * @example
 * const { gradients } = gradientsAtTaps((tap) => ({ loss: sum(square(tap(mul(tensor([1, 2]), 3)))), aux: null }));
 * gradients[0]; // [6, 12]
 */
export function gradientsAtTaps<X>(
  f: (tap: (v: Value) => Value) => { loss: Value; aux: X },
): TappedGradients<X> {
  return scope(() =>
    withoutRelease(() => {
      const { loss, aux, graph } = deeper((level) => {
        const duals = new DualLevel(level);
        const trace = new Trace(level);
        const inputs: Var[] = [];
        const tap = (v: Value): Value => {
          const t = trace.variable(v);
          inputs.push(t);
          return duals.lift(v, t);
        };
        const out = f(tap);
        return {
          loss: duals.primal(out.loss),
          aux: mapTree(out.aux, (v) => duals.primal(v)),
          graph: { inputs, equations: trace.equations, outputs: [duals.tangent(out.loss)] },
        };
      });
      if (loss.size !== 1)
        throw new ShapeError(
          `the function must return one number, got ${formatShape(loss.shape)}; use sum() or mean()`,
        );
      const one = apply(constantOp, { value: 1, shape: loss.shape, dtype: loss.dtype });
      const gradients = transposeGraph(graph, [one]).map((g) => g ?? null);
      return { value: loss, gradients, aux: aux as Concrete<X> };
    }),
  );
}
