import { defineCell } from "../../cell/index.js";
import { add, matmul, mul, sigmoid, sub, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal } from "../init/index.js";
import { gates } from "./gates.js";
import type { LstmConfig } from "./lstm.js";
import { lstmKinds } from "./settings.js";

/**
 * Long short-term memory with coupled gates: what is forgotten makes room for what is written, so one gate does both and
 * the cell state is a weighted average of itself and the input. A quarter of the LSTM's parameters and work is saved.
 *
 *     f(t) = sigmoid(b_f + U_f x(t) + W_f h(t-1))                             (10.40) forget gate
 *     s(t) = f(t) s(t-1) + (1 - f(t)) tanh(b_i + U_i x(t) + W_i h(t-1))       (10.41) with g(t) = 1 - f(t)
 *     h(t) = tanh(s(t)) q(t)                                                  (10.43)
 *     q(t) = sigmoid(b_q + U_q x(t) + W_q h(t-1))                             (10.44)
 *
 * It equals `lstm` with the input gate's weights and bias the negatives of the forget gate's.
 *
 * Input x [input]; state h, s [hidden]; output h(t) [hidden]. Parameters U [input, 3 hidden], W [hidden, 3 hidden], b [3
 * hidden] in the gate order f, i, q. U starts Glorot-uniform and W orthogonal, gate by gate; b zero but for the forget
 * gate's, 1: the state is kept at first and little is written.
 *
 * @see Greff et al. (2015), "LSTM: a search space odyssey", variant CIFG
 * @example
 * const cell = coupledLstm({ input: 3, hidden: 4 });
 * const { output } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2])); // [6, 4]
 */
export const coupledLstm = defineCell({
  name: "coupledLstm",
  settings: lstmKinds,
  inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
  params: ({ input, hidden, forgetBias = 1 }) => ({
    U: glorot(input, hidden, { gates: 3 }),
    W: orthogonal(hidden, hidden, { gates: 3 }),
    b: gateBias(hidden, [forgetBias, 0, 0]),
  }),
  step({ x, h, s }, { U, W, b }) {
    const [af, i, q] = gates(add(add(matmul(x, U), b), matmul(h, W)), 3);
    const f = sigmoid(af);
    const kept = add(mul(f, s), mul(sub(1, f), tanh(i)));
    const out = mul(tanh(kept), sigmoid(q));
    return { state: { h: out, s: kept }, output: out };
  },
});
