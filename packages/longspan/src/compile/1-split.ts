import { type Equation, evaluate, producersOf, Var } from "../autodiff/index.js";
import { type CellGraph, reenter, simplify, substitute } from "../cell/index.js";
import { add, apply, concatOp, matmulOp, slice, withAmbient } from "../ops/index.js";
import type { Value } from "../tensor/index.js";

/**
 * Pass 1 splits products. A product with a concatenation becomes a sum of products: [x, h] W = x W1 + h W2. The product x W1 does
 * not depend on the state, so a later pass can take it out of the loop.
 * @example
 * const joined = defineCell({
 *   name: "joined",
 *   inputs: () => ({ x: [2] }),
 *   state: () => ({ h: [3] }),
 *   params: () => ({ W: glorot(5, 3) }),
 *   step({ x, h }, { W }) {
 *     const next = tanh(matmul(concat([x, h]), W));
 *     return { state: { h: next }, output: next };
 *   },
 * });
 * const { equations } = splitProducts(joined(undefined).trace("float32").graph);
 * equations.filter((eq) => eq.op === matmulOp).length // 2, one of which does not read h
 */
export function splitProducts(cell: CellGraph): CellGraph {
  const producer = producersOf(cell.equations);
  const joined = (eq: Equation) => {
    const source = eq.op === matmulOp && eq.inputs[0]!.rank === 1 ? producer.get(eq.inputs[0]!) : undefined;
    const weights = eq.inputs[1];
    return source?.op === concatOp && weights instanceof Var && weights.scope === "one" ? source : undefined;
  };
  if (!cell.equations.some(joined)) return cell;

  const { trace, env, cell: entered } = reenter(cell);
  withAmbient(trace, () => {
    for (const eq of cell.equations) {
      const source = joined(eq);
      if (!source) {
        evaluate([eq], env);
        continue;
      }
      const weights = env.get(eq.inputs[1]!)!;
      const axis = eq.attrs.transposeB ? 1 : 0;
      let at = 0;
      let total: Value | undefined;
      for (const part of source.inputs) {
        const n = part.shape[0]!;
        const product = apply(matmulOp, eq.attrs, env.get(part)!, slice(weights, axis, at, at + n));
        total = total === undefined ? product : add(total, product);
        at += n;
      }
      env.set(eq.outputs[0]!, total!);
    }
  });
  return simplify(substitute(entered, trace.equations, (v) => env.get(v) ?? v));
}
