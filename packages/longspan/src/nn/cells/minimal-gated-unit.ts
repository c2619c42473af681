import { defineCell } from "../../cell/index.js";
import { add, matmul, mul, sigmoid, sub, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import type { GruConfig } from "./gru.js";
import { sizes } from "./settings.js";

/**
 * The minimal gated unit: a GRU with one gate. The forget gate f chooses both how much of the state is replaced and what of the old
 * state the candidate sees. It has two thirds of the GRU's parameters.
 *
 *     f(t)  = sigmoid(b_f + U_f x(t) + W_f h(t-1))              forget gate
 *     h~(t) = tanh(b + U x(t) + W (f(t) h(t-1)))                candidate
 *     h(t)  = (1 - f(t)) h(t-1) + f(t) h~(t)
 *
 * f = 0 keeps the state, as in the paper: what the GRU here does at u = 1. It equals `gru` with 1 - f(t) for its update gate and f(t) for
 * its reset gate.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. Parameters U [input, 2 hidden] and b [2 hidden] in the order f, candidate;
 * W [hidden, hidden] for f; Wtarget [hidden, hidden]. U starts Glorot-uniform, W and Wtarget orthogonal, gate by gate; b zero.
 *
 * @see Zhou, Wu, Zhang, Zhou (2016), "Minimal gated unit for recurrent neural networks"
 * @example
 * const cell = minimalGatedUnit({ input: 3, hidden: 4 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4]
 */
export const minimalGatedUnit = defineCell({
  name: "minimalGatedUnit",
  settings: sizes,
  inputs: ({ input }: GruConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
  params: ({ input, hidden }) => ({
    U: glorot(input, hidden, { gates: 2 }),
    W: orthogonal(hidden, hidden),
    Wtarget: orthogonal(hidden, hidden),
    b: zerosInit(2 * hidden),
  }),
  step({ x, h }, { U, W, Wtarget, b }) {
    const [xf, xt] = gates(add(matmul(x, U), b), 2);
    const f = sigmoid(add(xf, matmul(h, W)));
    const candidate = tanh(add(xt, matmul(mul(f, h), Wtarget)));
    const next = add(mul(sub(1, f), h), mul(f, candidate));
    return { state: { h: next }, output: next };
  },
});
