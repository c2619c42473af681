import { defineCell } from "../../cell/index.js";
import { checkSettings, func, optional } from "../../check/index.js";
import { add, matmul, mul, sigmoid, sub, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import { sizes } from "./settings.js";

/** Settings of the cells made after the GRU. */
export interface GruConfig {
  /** Features of x. */
  readonly input: number;
  /** Units of h. */
  readonly hidden: number;
}

/** Settings of `gru` and `gruResetAfter`. */
export interface GruOptions extends GruConfig {
  /** What squashes the target state, element by element: `sigmoid` as the chapter has it, or any other; tanh by default. */
  readonly squash?: (target: Value) => Value;
}

/**
 * The gated recurrent unit: one update gate u both forgets and writes, and a reset gate r chooses what of the
 * old state the new target state sees. The reset comes before the product with W, as in the chapter and in
 * Cho et al. (2014).
 *
 *     u(t) = sigmoid(b_u + U_u x(t) + W_u h(t-1))                           (10.46) update gate
 *     r(t) = sigmoid(b_r + U_r x(t) + W_r h(t-1))                           (10.47) reset gate
 *     h(t) = u(t) h(t-1) + (1 - u(t)) squash(b + U x(t) + W (r(t) h(t-1)))  (10.45)
 *
 * (10.45) squashes the target state by a sigmoid, `squash: sigmoid`; the papers do it by tanh, as is the default. Its
 * indices are one step late: h(t) is made of u, r and x at t-1. As u(t-1) and r(t-1) are made of x(t-1) and h(t-1),
 * the cell as printed is this one with x delayed by one step. u = 1 keeps the state; in some papers the two roles are
 * exchanged.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. Parameters U [input, 3 hidden] and b [3 hidden] in
 * the order u, r, target; W [hidden, 2 hidden] for u, r; Wtarget [hidden, hidden]. U starts Glorot-uniform, W
 * and Wtarget orthogonal, gate by gate; b zero. Weight files of common frameworks hold the other form:
 * `gruResetAfter`.
 *
 * @see Goodfellow, Bengio, Courville (2016), equations 10.45 to 10.47; Cho et al. (2014)
 * @example
 * const cell = gru({ input: 3, hidden: 4 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4]
 */
export function gru(options: GruOptions) {
  const { squash = tanh } = checkSettings("gru", options, gruKinds);
  return defineCell({
    name: "gru",
    inputs: ({ input }: GruOptions): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: ({ input, hidden }) => ({
      U: glorot(input, hidden, { gates: 3 }),
      W: orthogonal(hidden, hidden, { gates: 2 }),
      Wtarget: orthogonal(hidden, hidden),
      b: zerosInit(3 * hidden),
    }),
    step({ x, h }, { U, W, Wtarget, b }) {
      const [xu, xr, xt] = gates(add(matmul(x, U), b), 3);
      const [hu, hr] = gates(matmul(h, W), 2);
      const u = sigmoid(add(xu, hu));
      const r = sigmoid(add(xr, hr));
      const target = squash(add(xt, matmul(mul(r, h), Wtarget)));
      const next = add(mul(u, h), mul(sub(1, u), target));
      return { state: { h: next }, output: next };
    },
  })(options);
}

/** The kinds of `GruOptions`. */
export const gruKinds = { ...sizes, squash: optional(func) };
