import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, func, optional } from "../../check/index.js";
import { add, matmul, mul, sigmoid, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal } from "../init/index.js";
import { gates } from "./gates.js";
import { lstmKinds } from "./settings.js";

/** Settings of the LSTM and of the cells made after it. */
export interface LstmConfig {
  /** Features of x. */
  readonly input: number;
  /** Units of h and of s. */
  readonly hidden: number;
  /** The forget gate's initial bias; 1 by default. */
  readonly forgetBias?: number;
}

/** Settings of `lstm`. */
export interface LstmOptions extends LstmConfig {
  /** What squashes the input, element by element: `sigmoid` as the chapter has it, or any other; tanh by default. */
  readonly squash?: (input: Value) => Value;
}

/** Parameters of `lstm`: U [input, 4 hidden], W [hidden, 4 hidden], b [4 hidden]. */
export interface LstmSpecs {
  readonly U: ParamSpec;
  readonly W: ParamSpec;
  readonly b: ParamSpec;
}

/**
 * Long short-term memory: a state s(t) with a self-loop whose weight, the forget gate, is computed from the
 * context.
 *
 *     f(t) = sigmoid(b_f + U_f x(t) + W_f h(t-1))                      (10.40) forget gate
 *     s(t) = f(t) s(t-1) + g(t) squash(b_i + U_i x(t) + W_i h(t-1))    (10.41) cell state
 *     g(t) = sigmoid(b_g + U_g x(t) + W_g h(t-1))                      (10.42) external input gate
 *     h(t) = tanh(s(t)) q(t)                                           (10.43) output
 *     q(t) = sigmoid(b_q + U_q x(t) + W_q h(t-1))                      (10.44) output gate
 *
 * (10.41) as printed squashes the input by a sigmoid: `squash: sigmoid`. Without that it is tanh, the usual choice and
 * that of common weight files.
 *
 * Input x [input]; state h, s [hidden]; output h(t) [hidden]. Parameters U [input, 4 hidden], W [hidden, 4
 * hidden], b [4 hidden], each with the gates side by side in the order f, g, i, q: forget, input gate, input,
 * output gate. One bias per gate. U starts Glorot-uniform and W orthogonal, gate by gate; b zero but for the
 * forget gate's, 1 (section 10.10.2).
 *
 * Cells made after it: `peepholeLstm`, `coupledLstm`, `projectedLstm`; over trees `binaryTreeLstm`, `childSumTreeLstm`.
 *
 * @see Goodfellow, Bengio, Courville (2016), equations 10.40 to 10.44; Hochreiter, Schmidhuber (1997); Gers
 * et al. (2000)
 * @example
 * const cell = lstm({ input: 3, hidden: 4 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4], final.s [2, 4]
 * const asPrinted = lstm({ input: 3, hidden: 4, squash: sigmoid });
 */
export function lstm(options: LstmOptions): Cell<{ x: Shape }, { h: Shape; s: Shape }, LstmSpecs, Value> {
  const { squash = tanh, ...config } = checkSettings<LstmOptions>("lstm", options, kinds);
  return lstmWith(squash)(config);
}

const kinds = { ...lstmKinds, squash: optional(func) };

function lstmWith(squash: (input: Value) => Value) {
  return defineCell({
    name: "lstm",
    inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
    params: ({ input, hidden, forgetBias = 1 }): LstmSpecs => ({
      U: glorot(input, hidden, { gates: 4 }),
      W: orthogonal(hidden, hidden, { gates: 4 }),
      b: gateBias(hidden, [forgetBias, 0, 0, 0]),
    }),
    step({ x, h, s }, { U, W, b }) {
      const [f, g, i, q] = gates(add(add(matmul(x, U), b), matmul(h, W)), 4);
      const kept = add(mul(sigmoid(f), s), mul(sigmoid(g), squash(i)));
      const out = mul(tanh(kept), sigmoid(q));
      return { state: { h: out, s: kept }, output: out };
    },
  });
}
