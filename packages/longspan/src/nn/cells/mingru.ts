import { defineCell } from "../../cell/index.js";
import { add, matmul, mul, sigmoid, sub } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { glorot, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import type { GruConfig } from "./gru.js";
import { sizes } from "./settings.js";

/**
 * minGRU: a GRU whose gate and candidate do not see the old state. Its next state is then linear in the old one, so that training runs in
 * parallel over time: one product gives gates and candidates of all steps, and what is left is a scan.
 *
 *     z(t)  = sigmoid(b_z + U_z x(t))                 update gate
 *     h~(t) = b + U x(t)                              candidate
 *     h(t)  = (1 - z(t)) h(t-1) + z(t) h~(t)
 *
 * z = 0 keeps the state, as in the paper. A gate that does not see the state decides by the present input alone: several layers are
 * needed where what is kept depends on what came before.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. Parameters U [input, 2 hidden] and b [2 hidden] in the order z, candidate.
 * U starts Glorot-uniform, gate by gate; b zero.
 *
 * @see Feng et al. (2024), "Were RNNs all we needed?", section 3.1; `minlstm`
 * @example
 * const cell = mingru({ input: 3, hidden: 4 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4]
 */
export const mingru = defineCell({
  name: "mingru",
  settings: sizes,
  inputs: ({ input }: GruConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
  params: ({ input, hidden }) => ({
    U: glorot(input, hidden, { gates: 2 }),
    b: zerosInit(2 * hidden),
  }),
  step({ x, h }, { U, b }) {
    const [update, candidate] = gates(add(matmul(x, U), b), 2);
    const z = sigmoid(update);
    const next = add(mul(sub(1, z), h), mul(z, candidate));
    return { state: { h: next }, output: next };
  },
});
