import { defineCell } from "../../cell/index.js";
import { size } from "../../check/index.js";
import { add, matmul, mul, sigmoid, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal } from "../init/index.js";
import { gates } from "./gates.js";
import type { LstmConfig } from "./lstm.js";
import { lstmKinds } from "./settings.js";

/** Settings of `projectedLstm`. `hidden` is the number of units of s. */
export interface ProjectedLstmConfig extends LstmConfig {
  /** Units of h; fewer than `hidden`, or nothing is saved. */
  readonly projection: number;
}

/**
 * Long short-term memory whose output is projected to fewer units before it is read again: a large cell state at the
 * cost of a small recurrent matrix.
 *
 *     f(t) = sigmoid(b_f + U_f x(t) + W_f h(t-1))                    (10.40) forget gate
 *     s(t) = f(t) s(t-1) + g(t) tanh(b_i + U_i x(t) + W_i h(t-1))    (10.41), tanh for its sigmoid
 *     g(t) = sigmoid(b_g + U_g x(t) + W_g h(t-1))                    (10.42) external input gate
 *     q(t) = sigmoid(b_q + U_q x(t) + W_q h(t-1))                    (10.44) output gate
 *     h(t) = P (tanh(s(t)) q(t))                                     (10.43) projected
 *
 * Input x [input]; state h [projection], s [hidden]; output h(t) [projection]. Parameters U [input, 4 hidden], W
 * [projection, 4 hidden], b [4 hidden] in the gate order f, g, i, q; P [hidden, projection]. U starts Glorot-uniform, W
 * and P orthogonal, W gate by gate; b zero but for the forget gate's, 1. The paper's peepholes and its second projection,
 * which is not read again, are left out, as in common weight files.
 *
 * @see Sak, Senior, Beaufays (2014), "Long short-term memory recurrent neural network architectures for large scale
 * acoustic modeling", section 2.2
 * @example
 * const cell = projectedLstm({ input: 3, hidden: 8, projection: 2 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 2], final.h [2, 2], final.s [2, 8]
 */
export const projectedLstm = defineCell({
  name: "projectedLstm",
  settings: { ...lstmKinds, projection: size },
  inputs: ({ input }: ProjectedLstmConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden, projection }): { h: Shape; s: Shape } => ({ h: [projection], s: [hidden] }),
  params: ({ input, hidden, projection, forgetBias = 1 }) => ({
    U: glorot(input, hidden, { gates: 4 }),
    W: orthogonal(projection, hidden, { gates: 4 }),
    b: gateBias(hidden, [forgetBias, 0, 0, 0]),
    P: orthogonal(hidden, projection),
  }),
  step({ x, h, s }, { U, W, b, P }) {
    const [f, g, i, q] = gates(add(add(matmul(x, U), b), matmul(h, W)), 4);
    const kept = add(mul(sigmoid(f), s), mul(sigmoid(g), tanh(i)));
    const out = matmul(mul(tanh(kept), sigmoid(q)), P);
    return { state: { h: out, s: kept }, output: out };
  },
});
