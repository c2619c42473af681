import { defineCell } from "../../cell/index.js";
import { checkSettings } from "../../check/index.js";
import { add, matmul, mul, sigmoid, sub, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import { type GruOptions, gruKinds } from "./gru.js";

/**
 * The gated recurrent unit with the reset gate after the recurrent product: the form of the weight files of
 * cuDNN, PyTorch and Keras. One product with h serves all three parts.
 *
 *     u(t) = sigmoid(b_u + U_u x(t) + W_u h(t-1))                               (10.46) update gate
 *     r(t) = sigmoid(b_r + U_r x(t) + W_r h(t-1))                               (10.47) reset gate
 *     h(t) = u(t) h(t-1) + (1 - u(t)) squash(b + U x(t) + r(t) (c + W h(t-1)))  unlike (10.45)
 *
 * squash is tanh by default. c is a second bias of the target state, inside the reset; those of the gates would add nothing to b.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. Parameters U [input, 3 hidden], W [hidden, 3
 * hidden] and b [3 hidden] in the order u, r, target; c [hidden]. U starts Glorot-uniform and W orthogonal,
 * gate by gate; b and c zero.
 *
 * @see Cho et al. (2014), first version; Appleyard, Kocisky, Blunsom (2016), "Optimizing performance of
 * recurrent neural networks on GPUs". The chapter's form is `gru`.
 * @example
 * const cell = gruResetAfter({ input: 3, hidden: 4 });
 * const { output } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2])); // [6, 4]
 */
export function gruResetAfter(options: GruOptions) {
  const { squash = tanh } = checkSettings("gruResetAfter", options, gruKinds);
  return defineCell({
    name: "gruResetAfter",
    inputs: ({ input }: GruOptions): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: ({ input, hidden }) => ({
      U: glorot(input, hidden, { gates: 3 }),
      W: orthogonal(hidden, hidden, { gates: 3 }),
      b: zerosInit(3 * hidden),
      c: zerosInit(hidden),
    }),
    step({ x, h }, { U, W, b, c }) {
      const [xu, xr, xt] = gates(add(matmul(x, U), b), 3);
      const [hu, hr, ht] = gates(matmul(h, W), 3);
      const u = sigmoid(add(xu, hu));
      const r = sigmoid(add(xr, hr));
      const target = squash(add(xt, mul(r, add(ht, c))));
      const next = add(mul(u, h), mul(sub(1, u), target));
      return { state: { h: next }, output: next };
    },
  })(options);
}
