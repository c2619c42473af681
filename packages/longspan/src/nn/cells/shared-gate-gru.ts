import { defineCell } from "../../cell/index.js";
import { checkSettings } from "../../check/index.js";
import { add, matmul, sigmoid, slice, sub, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import { checkGroups, type GroupedConfig, groupedKinds } from "./groups.js";
import { joined, perHead, scaled } from "./heads.js";

/**
 * The gated recurrent unit with one update gate and one reset gate for each group of units, as section 10.10.2 suggests: the units of a
 * group forget and write together. k is the group of a unit:
 *
 *     u_k(t) = sigmoid(b_u + U_u x(t) + W_u h(t-1))                        (10.46), one number per group
 *     r_k(t) = sigmoid(b_r + U_r x(t) + W_r h(t-1))                        (10.47), one number per group
 *     h(t) = u_k(t) h(t-1) + (1 - u_k(t)) tanh(b + U x(t) + W (r_k(t) h(t-1)))    (10.45)
 *
 * The groups lie one after the other, each with `hidden / groups` units. With a group for each unit it is `gru`.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. Parameters U [input, 2 groups + hidden] and b [2 groups + hidden] in the order
 * u, r, target; W [hidden, 2 groups] for u, r; Wtarget [hidden, hidden]. U starts Glorot-uniform, W and Wtarget orthogonal; b zero.
 *
 * @throws ShapeError if the units do not fall into groups of one size
 * @see Goodfellow, Bengio, Courville (2016), section 10.10.2
 * @example
 * const cell = sharedGateGru({ input: 3, hidden: 6, groups: 2 });
 * const params = cell.init(Key.of(1));
 * params.W.shape // [ 6, 4 ]: two gates for each of two groups
 * const { output } = unfold(cell, params, { x: zeros([6, 3]) }, chain([4, 2])); // [6, 6]
 */
export function sharedGateGru(config: GroupedConfig) {
  const { hidden, groups = 1 } = checkSettings("sharedGateGru", config, groupedKinds);
  checkGroups("sharedGateGru", hidden, groups);
  return defineCell({
    name: "sharedGateGru",
    inputs: ({ input }: GroupedConfig): { x: Shape } => ({ x: [input] }),
    state: (): { h: Shape } => ({ h: [hidden] }),
    params: ({ input }) => ({
      U: glorot(input, 2 * groups + hidden),
      W: orthogonal(hidden, groups, { gates: 2 }),
      Wtarget: orthogonal(hidden, hidden),
      b: zerosInit(2 * groups + hidden),
    }),
    step({ x, h }, { U, W, Wtarget, b }) {
      const a = add(matmul(x, U), b);
      const [u, r] = gates(sigmoid(add(slice(a, 0, 0, 2 * groups), matmul(h, W))), 2);
      const reset = joined(scaled(r, perHead(h, groups)));
      const target = tanh(add(slice(a, 0, 2 * groups, 2 * groups + hidden), matmul(reset, Wtarget)));
      const kept = scaled(u, perHead(h, groups));
      const next = joined(add(kept, scaled(sub(1, u), perHead(target, groups))));
      return { state: { h: next }, output: next };
    },
  })(config);
}
