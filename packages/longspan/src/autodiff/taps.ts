import { apply, constantOp, isConcrete, stopGradient } from "../ops/index.js";
import { type Concrete, mapTree, scope, type Value, withoutRelease } from "../tensor/index.js";
import { checkLossIn } from "./check-loss.js";
import { DualLevel } from "./dual.js";
import { deeper } from "./linearised.js";
import { type Equation, Trace, type Var } from "./trace.js";
import { transposeGraph } from "./transpose.js";

/** What `gradientsAtTaps` gives. */
export interface TappedGradients<X> {
  /** The function's value. */
  readonly value: Value;
  /** The derivative of the value with respect to each tapped value, in the order of the taps; null where it is zero. */
  readonly gradients: readonly (Value | null)[];
  /** Where the derivative, as it was recorded, first reads the tangent of a tapped value; undefined if it does not. */
  readonly readerOf: (tap: number) => Equation | undefined;
  readonly aux: Concrete<X>;
}

/**
 * The gradient of a scalar with respect to values in the middle of its computation: `f` hands those that are asked about through
 * `tap` and goes on with what it gets. Each tap is a variable of its own: the gradient at a tap does not go through the taps before it.
 *
 * @param options.what who asks, for messages
 * @param options.constant whether the gradients are constants to a transform around; value and aux are not
 * @example
 * const { gradients } = gradientsAtTaps((tap) => ({ loss: sum(square(tap(mul(tensor([1, 2]), 3)))), aux: null }));
 * gradients[0]; // [6, 12]
 */
export function gradientsAtTaps<X>(
  f: (tap: (v: Value) => Value) => { loss: Value; aux: X },
  {
    constant = false,
    what = "gradientsAtTaps",
  }: { readonly constant?: boolean; readonly what?: string } = {},
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
        const out = checkLossIn({ what }, "{ loss, aux }", f(tap));
        return {
          loss: duals.primal(out.loss),
          aux: mapTree(out.aux, (v) => duals.primal(v)),
          graph: { inputs, equations: trace.equations, outputs: [duals.tangent(out.loss)] },
        };
      });
      const one = apply(constantOp, { value: 1, shape: loss.shape, dtype: loss.dtype });
      const held = (v: Value) => (isConcrete(v) ? v : stopGradient(v));
      const gradients = transposeGraph(graph, [one], constant ? held : undefined).map((g) => g ?? null);
      const readerOf = (tap: number) => graph.equations.find((eq) => eq.inputs.includes(graph.inputs[tap]!));
      return { value: loss, gradients, readerOf, aux: aux as Concrete<X> };
    }),
  );
}
