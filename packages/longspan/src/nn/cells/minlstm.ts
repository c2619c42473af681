import { defineCell } from "../../cell/index.js";
import { add, div, matmul, mul, sigmoid, sub } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { gateBias, glorot } from "../init/index.js";
import { gates } from "./gates.js";
import type { LstmConfig } from "./lstm.js";
import { lstmKinds } from "./settings.js";

/**
 * minLSTM: an LSTM whose gates and input do not see the old state, without an output gate. Its next state is then linear in the old one,
 * so that training runs in parallel over time, as that of `mingru` does.
 *
 *     f(t)  = sigmoid(b_f + U_f x(t))                 forget gate
 *     i(t)  = sigmoid(b_i + U_i x(t))                 input gate
 *     h~(t) = b + U x(t)                              input
 *     h(t)  = f'(t) h(t-1) + (1 - f'(t)) h~(t),       f' = f / (f + i)
 *
 * Both gates are at least 1e-15, so that f' is 1/2 where both are closed. What is kept and what is written add up to 1, so that the size of h does not depend on how long the sequence is.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. Parameters U [input, 3 hidden] and b [3 hidden] in the order f, i, input. U starts
 * Glorot-uniform, gate by gate; b zero but for the forget gate's, 1 (`forgetBias`).
 *
 * @see Feng et al. (2024), "Were RNNs all we needed?", section 3.2; `mingru`
 * @example
 * const cell = minlstm({ input: 3, hidden: 4 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4]
 */
export const minlstm = defineCell({
  name: "minlstm",
  settings: lstmKinds,
  inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
  params: ({ input, hidden, forgetBias = 1 }) => ({
    U: glorot(input, hidden, { gates: 3 }),
    b: gateBias(hidden, [forgetBias, 0, 0]),
  }),
  step({ x, h }, { U, b }) {
    const [forget, write, candidate] = gates(add(matmul(x, U), b), 3);
    const [f, i] = [add(sigmoid(forget), closed), add(sigmoid(write), closed)];
    const keep = div(f, add(f, i));
    const next = add(mul(keep, h), mul(sub(1, keep), candidate));
    return { state: { h: next }, output: next };
  },
});

/** What a gate lets through at least: two closed gates are then no quotient of zeros, and its slope is finite. */
const closed = 1e-15;
