import { defineCell } from "../../cell/index.js";
import { optional, size } from "../../check/index.js";
import {
  add,
  concat,
  div,
  equal,
  exp,
  matmul,
  maximum,
  mul,
  neg,
  sigmoid,
  softplus,
  split,
  sub,
  tanh,
  where,
} from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal } from "../init/index.js";
import { gates } from "./gates.js";
import { joined, perHead, widthsOf } from "./heads.js";
import type { LstmConfig } from "./lstm.js";
import { lstmKinds } from "./settings.js";

/** Settings of `slstm`. */
export interface SlstmConfig extends LstmConfig {
  /** Groups of units that read only their own group's h; by default one for each 64 units, and one where 64 do not divide `hidden`. */
  readonly heads?: number;
}

/**
 * The sLSTM of xLSTM: an LSTM with an exponential input gate, so that what it reads now can outweigh all that it has kept, and a normaliser
 * that counts how much it has stored.
 *
 *     c(t) = f(t) c(t-1) + i(t) z(t)                             (8) cell state
 *     n(t) = f(t) n(t-1) + i(t)                                  (9) normaliser
 *     h(t) = o(t) c(t) / n(t)                                    (10) hidden state
 *     z(t) = tanh(b_z + U_z x(t) + R_z h(t-1))                   (11) input
 *     i(t) = exp(b_i + U_i x(t) + R_i h(t-1))                    (12) input gate
 *     f(t) = sigmoid(b_f + U_f x(t) + R_f h(t-1))                (13) forget gate
 *     o(t) = sigmoid(b_o + U_o x(t) + R_o h(t-1))                (14) output gate
 *
 * Units of one head read h of their own head only. i can be larger than any number, so c and n are kept divided by exp(m):
 *
 *     m(t) = max(log f(t) + m(t-1), log i(t))                    (15) stabiliser; log i(t) alone while n(t-1) is 0
 *     i'   = exp(log i(t) - m(t)),   f' = exp(log f(t) + m(t-1) - m(t))      (16), (17), in place of i and f
 *
 * h is the same for any m. n is 0 only before the first step, and at least 1 after it, so c / n is safe.
 *
 * Input x [input]; state h, c, n, m [hidden], all of zeros at first; output h(t) [hidden]. Parameters U [input, 4 hidden], R
 * [hidden / heads, 4 hidden], b [4 hidden]: head after head, each with its gates side by side in the order f, i, z, o, the order of `lstm`. U
 * starts Glorot-uniform and R orthogonal, gate by gate; b zero but for the forget gate's, 1.
 *
 * @throws ShapeError if `heads` does not divide `hidden`
 * @see Beck et al. (2024), "xLSTM: extended long short-term memory", equations 8 to 17; `mlstm`
 * @example
 * const cell = slstm({ input: 3, hidden: 4, heads: 2 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4], final.c [2, 4]
 */
export const slstm = defineCell({
  name: "slstm",
  settings: { ...lstmKinds, heads: optional(size) },
  inputs: ({ input }: SlstmConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape; c: Shape; n: Shape; m: Shape } => ({
    h: [hidden],
    c: [hidden],
    n: [hidden],
    m: [hidden],
  }),
  params: (config) => {
    const { heads, values: units } = widthsOf("slstm", config);
    const ofHead = [config.forgetBias ?? 1, 0, 0, 0];
    return {
      U: glorot(config.input, units, { gates: 4 * heads }),
      R: orthogonal(units, units, { gates: 4 * heads }),
      b: gateBias(units, Array.from({ length: heads }, () => ofHead).flat()),
    };
  },
  step({ x, h, c, n, m }, { U, R, b }) {
    const heads = h.shape[0]! / R.shape[0]!;
    const [ofHead, matrices] = [split(h, heads), split(R, heads)];
    const read = concat(ofHead.map((own, j) => matmul(own, matrices[j]!)));
    const perGate = gates(perHead(add(add(matmul(x, U), b), read), heads), 4);
    const [f, i, z, o] = perGate.map(joined) as [Value, Value, Value, Value];
    // Nothing is there to be kept before the first step, so this may be anything: i gives (15) without its first argument.
    const logKept = where(equal(n, 0), i, sub(m, softplus(neg(f))));
    const next = maximum(logKept, i);
    const [keep, put] = [exp(sub(logKept, next)), exp(sub(i, next))];
    const cell = add(mul(keep, c), mul(put, tanh(z)));
    const weight = add(mul(keep, n), put);
    const output = mul(sigmoid(o), div(cell, weight));
    return { state: { h: output, c: cell, n: weight, m: next }, output };
  },
});
