import { defineCell } from "../../cell/index.js";
import { add, div, dot, exp, less, matmul, reshape, where } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot } from "../init/index.js";
import {
  association,
  type FastWeightConfig,
  fastWeightKinds,
  joined,
  perHead,
  recall,
  widthsOf,
} from "./heads.js";

/**
 * Linear attention: attention whose weights are products of features, so that all of the past fits into a matrix S. Every step adds
 * what it has to say; nothing is ever taken away.
 *
 *     S(t) = S(t-1) + v(t) phi(k(t))'                           (18) memory
 *     z(t) = z(t-1) + phi(k(t))                                 (19) normaliser
 *     y(t) = S(t) phi(q(t)) / (z(t) . phi(q(t)) + 1e-6)         (20) without its residual
 *     k(t) = K x(t),   v(t) = V x(t),   q(t) = Q x(t),   phi(a) = elu(a) + 1
 *
 * All of it for each head by itself. 1e-6, from the authors' code, keeps apart from zero what is divided by. phi is positive; its second
 * derivative jumps at 0.
 *
 * Input x [input]; state memory [heads, values, keys] (S) and normaliser [heads, keys] (z), both of zeros at first; output y(t) [hidden],
 * head after head, with values = hidden / heads. Parameters K and Q [input, heads keys], V [input, hidden], Glorot-uniform at first. What
 * the paper puts around it, residuals, normalisation and a net after it, are layers: `residual`, `layerNorm`, `linear`.
 *
 * @throws ShapeError if `heads` does not divide `hidden`
 * @see Katharopoulos, Vyas, Pappas, Fleuret (2020), "Transformers are RNNs: fast autoregressive transformers with linear attention",
 * equations 7 and 16 to 20
 * @example
 * const cell = linearAttention({ input: 3, hidden: 4, heads: 2 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.memory [2, 2, 2, 2]: sequence, head, value, key
 */
export const linearAttention = defineCell({
  name: "linearAttention",
  settings: fastWeightKinds,
  inputs: ({ input }: FastWeightConfig): { x: Shape } => ({ x: [input] }),
  state: (config): { memory: Shape; normaliser: Shape } => {
    const { heads, values, keys } = widthsOf("linearAttention", config);
    return { memory: [heads, values, keys], normaliser: [heads, keys] };
  },
  params: (config) => {
    const { heads, keys } = widthsOf("linearAttention", config);
    const { input, hidden } = config;
    return { Q: glorot(input, heads * keys), K: glorot(input, heads * keys), V: glorot(input, hidden) };
  },
  step({ x, memory, normaliser }, { Q, K, V }) {
    const heads = memory.shape[0]!;
    const [q, k, v] = [Q, K, V].map((W) => perHead(matmul(x, W), heads)) as [Value, Value, Value];
    const [query, key] = [positive(q), positive(k)];
    const S = add(memory, association(v, key));
    const z = add(normaliser, key);
    const total = reshape(add(dot(z, query), 1e-6), [heads, 1]);
    return { state: { memory: S, normaliser: z }, output: joined(div(recall(S, query), total)) };
  },
});

/** elu(a) + 1: exp(a) below 0 and a + 1 above. Each branch sees no number of the other, so that exp cannot overflow. */
function positive(a: Value): Value {
  const isBelow = less(a, 0);
  return add(exp(where(isBelow, a, 0)), where(isBelow, 0, a));
}
