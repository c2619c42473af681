import { defineCell } from "../../cell/index.js";
import { checkSettings } from "../../check/index.js";
import { add, matmul, mul, sigmoid, sub, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { constantInit, glorot, orthogonal, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import { checkGroups, type GroupedConfig, groupedKinds } from "./groups.js";
import { joined, perHead, scaled } from "./heads.js";

/**
 * The gated recurrent unit whose gates are a global gate, one for each group of units, times a local one of the unit, as section 10.10.2
 * suggests: a group is controlled as a whole, and each unit of it by itself. k is the group of a unit:
 *
 *     u(t) = sigmoid(B_u + G_u x(t) + V_u h(t-1))_k sigmoid(b_u + U_u x(t) + W_u h(t-1))    for (10.46)
 *     r(t) = sigmoid(B_r + G_r x(t) + V_r h(t-1))_k sigmoid(b_r + U_r x(t) + W_r h(t-1))    for (10.47)
 *     h(t) = u(t) h(t-1) + (1 - u(t)) tanh(b + U x(t) + W (r(t) h(t-1)))                    (10.45)
 *
 * The groups lie one after the other, each with `hidden / groups` units; one group, by default, is the whole layer. B large and positive
 * leaves `gru`.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. Parameters U [input, 3 hidden] and b [3 hidden] in the order u, r, target; W
 * [hidden, 2 hidden] for u, r; Wtarget [hidden, hidden]; of the global gates G [input, 2 groups], V [hidden, 2 groups] and B [2 groups] in
 * the order u, r. U and G start Glorot-uniform, W, Wtarget and V orthogonal, gate by gate; b zero, and B 1: global gates start open.
 *
 * @throws ShapeError if the units do not fall into groups of one size
 * @see Goodfellow, Bengio, Courville (2016), section 10.10.2
 * @example
 * const cell = globalGateGru({ input: 3, hidden: 6, groups: 2 });
 * const params = cell.init(Key.of(1));
 * params.V.shape // [ 6, 4 ]: two gates for each of two groups
 * const { output } = unfold(cell, params, { x: zeros([6, 3]) }, chain([4, 2])); // [6, 6]
 */
export function globalGateGru(config: GroupedConfig) {
  const { hidden, groups = 1 } = checkSettings("globalGateGru", config, groupedKinds);
  checkGroups("globalGateGru", hidden, groups);
  return defineCell({
    name: "globalGateGru",
    inputs: ({ input }: GroupedConfig): { x: Shape } => ({ x: [input] }),
    state: (): { h: Shape } => ({ h: [hidden] }),
    params: ({ input }) => ({
      U: glorot(input, hidden, { gates: 3 }),
      W: orthogonal(hidden, hidden, { gates: 2 }),
      Wtarget: orthogonal(hidden, hidden),
      b: zerosInit(3 * hidden),
      G: glorot(input, groups, { gates: 2 }),
      V: orthogonal(hidden, groups, { gates: 2 }),
      B: constantInit(1, 2 * groups),
    }),
    step({ x, h }, { U, W, Wtarget, b, G, V, B }) {
      const [xu, xr, xt] = gates(add(matmul(x, U), b), 3);
      const [hu, hr] = gates(matmul(h, W), 2);
      const [globalU, globalR] = gates(sigmoid(add(add(matmul(x, G), B), matmul(h, V))), 2);
      const u = joined(scaled(globalU, perHead(sigmoid(add(xu, hu)), groups)));
      const r = joined(scaled(globalR, perHead(sigmoid(add(xr, hr)), groups)));
      const target = tanh(add(xt, matmul(mul(r, h), Wtarget)));
      const next = add(mul(u, h), mul(sub(1, u), target));
      return { state: { h: next }, output: next };
    },
  })(config);
}
