import { defineCell } from "../../cell/index.js";
import { finite, optional } from "../../check/index.js";
import {
  abs,
  add,
  concat,
  div,
  dot,
  exp,
  matmul,
  maximum,
  minimum,
  mul,
  neg,
  reshape,
  sigmoid,
  softplus,
  sub,
} from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { constantInit, glorot, normalInit, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import {
  association,
  type FastWeightConfig,
  fastWeightKinds,
  joined,
  perHead,
  recall,
  spreadBias,
  widthsOf,
} from "./heads.js";

/** Settings of `mlstm`. */
export interface MlstmConfig extends FastWeightConfig {
  /** The forget gate's initial bias; spread from 3 to 6 over the heads by default. */
  readonly forgetBias?: number;
}

/**
 * The mLSTM of xLSTM: an LSTM whose cell state is a matrix, which stores values under keys, with an exponential input gate. Nothing
 * reads the state but the query, so gates depend on the input alone.
 *
 *     C(t) = f(t) C(t-1) + i(t) v(t) k(t)'                       (19) cell state
 *     n(t) = f(t) n(t-1) + i(t) k(t)                             (20) normaliser
 *     h(t) = o(t) (C(t) q(t)) / max(|n(t) . q(t)|, 1)            (21) hidden state
 *     q(t) = Q x(t),   k(t) = K x(t) / sqrt(keys),   v(t) = V x(t)           (22) to (24)
 *     i(t) = exp(b_i + G_i x(t))                                 (25) input gate
 *     f(t) = sigmoid(b_f + G_f x(t))                             (26) forget gate
 *     o(t) = sigmoid(c + O x(t))                                 (27) output gate
 *
 * All of it for each head by itself; o for each feature. i can be larger than any number, so C and n are kept divided by exp(m):
 *
 *     m(t) = max(log f(t) + m(t-1), log i(t), 0)                 (15) stabiliser
 *     i'   = exp(log i(t) - m(t)),   f' = exp(log f(t) + m(t-1) - m(t))      (16), (17), in place of i and f
 *
 * and the 1 of (21) is exp(-m). h is the same for any m. The 0 in the maximum, which the paper does not have, keeps exp(-m) at most 1 and
 * lets m start at 0; as long as no input gate is above 1, m stays 0 and nothing is divided. From m = 40 on, exp(-40) stands for exp(-m), so
 * that nothing is divided by zero.
 *
 * Input x [input]; state memory [heads, values, keys] (C), normaliser [heads, keys] (n), stabiliser [heads, 1] (m), all of zeros at first;
 * output h(t) [hidden], head after head, with values = hidden / heads. Parameters Q and K [input, heads keys], V and O [input, hidden],
 * Glorot-uniform at first; c [hidden], zero; G [input, 2 heads], zero, in the order f, i; bi [heads], normal with deviation 0.1; bf
 * [heads], from 3 to 6, spread evenly. q, k and v have no biases, as in the authors' code.
 *
 * @throws ShapeError if `heads` does not divide `hidden`
 * @see Beck et al. (2024), "xLSTM: extended long short-term memory", equations 15 to 27; `slstm`
 * @example
 * const cell = mlstm({ input: 3, hidden: 4, heads: 2 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.memory [2, 2, 2, 2]: sequence, head, value, key
 */
export const mlstm = defineCell({
  name: "mlstm",
  settings: { ...fastWeightKinds, forgetBias: optional(finite) },
  inputs: ({ input }: MlstmConfig): { x: Shape } => ({ x: [input] }),
  state: (config): { memory: Shape; normaliser: Shape; stabiliser: Shape } => {
    const { heads, values, keys } = widthsOf("mlstm", config);
    return { memory: [heads, values, keys], normaliser: [heads, keys], stabiliser: [heads, 1] };
  },
  params: (config) => {
    const { heads, keys } = widthsOf("mlstm", config);
    const { input, hidden, forgetBias } = config;
    return {
      Q: glorot(input, heads * keys),
      K: glorot(input, heads * keys),
      V: glorot(input, hidden),
      O: glorot(input, hidden),
      c: zerosInit(hidden),
      G: zerosInit(input, 2 * heads),
      bf: forgetBias === undefined ? spreadBias("mlstm", heads, [3, 6]) : constantInit(forgetBias, heads),
      bi: normalInit(0.1, heads),
    };
  },
  step({ x, memory, normaliser, stabiliser }, { Q, K, V, O, c, G, bf, bi }) {
    const [heads, , keys] = memory.shape as [number, number, number];
    const [q, k, v] = [Q, K, V].map((W) => perHead(matmul(x, W), heads)) as [Value, Value, Value];
    const ofGates = gates(add(matmul(x, G), concat([bf, bi])), 2);
    const [f, logI] = ofGates.map((gate) => perHead(gate, heads)) as [Value, Value];
    const logKept = sub(stabiliser, softplus(neg(f)));
    const m = maximum(maximum(logKept, logI), 0);
    const [keep, put] = [exp(sub(logKept, m)), exp(sub(logI, m))];
    const key = mul(put, mul(k, 1 / Math.sqrt(keys)));
    const C = add(mul(reshape(keep, [heads, 1, 1]), memory), association(v, key));
    const n = add(mul(keep, normaliser), key);
    const size = maximum(perHead(abs(dot(n, q)), heads), exp(neg(minimum(m, 40))));
    const read = joined(div(recall(C, q), size));
    const output = mul(sigmoid(add(matmul(x, O), c)), read);
    return { state: { memory: C, normaliser: n, stabiliser: m }, output };
  },
});
