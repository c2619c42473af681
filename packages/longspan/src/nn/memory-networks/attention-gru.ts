import { defineCell } from "../../cell/index.js";
import { optional, size } from "../../check/index.js";
import { abs, add, concat, dot, matmul, mul, sigmoid, sub, sum, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { gru } from "../cells/index.js";
import { glorot, normalInit, zerosInit } from "../init/index.js";

/** Settings of `attentionGru`. */
export interface AttentionGruConfig {
  /** Features of facts, of the question, of the memory and of the state. */
  readonly width: number;
  /** Hidden units of the net that gates; `width` by default. */
  readonly gate?: number;
}

/**
 * A GRU that passes over facts and takes in only those that matter, by a gate that compares the fact with the question and with what is remembered.
 *
 *     z(t) = [x * q, x * m, |x - q|, |x - m|]
 *     s(t) = w . tanh(z(t) V + c) + b,   g(t) = sigmoid(s(t))
 *     h(t) = g(t) gru(x(t), h(t-1)) + (1 - g(t)) h(t-1)
 *
 * Input per node x [width], a fact; per sequence question q and memory m, [width] each. State h [width]: after the last fact it is the episode.
 * Output s(t), []: the logit of the gate. Parameters: gru, those of the GRU; V [4 width, gate] Glorot-uniform, c [gate] zero, w [gate] normal with the
 * deviation 1/sqrt(gate), b [1] zero.
 *
 * In the paper z also holds x, q, m and two products by a matrix; they were found to add nothing (Xiong et al. 2016, equation 8).
 *
 * @see Kumar et al. (2016), "Ask me anything: dynamic memory networks for natural language processing", section 2.3
 * @example
 * const cell = attentionGru({ width: 4 });
 * const inputs = { x: zeros([5, 4]), question: zeros([2, 4]), memory: zeros([2, 4]) };
 * unfold(cell, cell.init(Key.of(1)), inputs, chain([3, 2])).final.h.shape // [ 2, 4 ]: an episode per sequence
 */
export const attentionGru = defineCell({
  name: "attentionGru",
  settings: { width: size, gate: optional(size) },
  inputs: ({ width }: AttentionGruConfig): { x: Shape } => ({ x: [width] }),
  sequenceInputs: ({ width }): { question: Shape; memory: Shape } => ({ question: [width], memory: [width] }),
  state: ({ width }): { h: Shape } => ({ h: [width] }),
  params: ({ width, gate = width }) => ({
    gru: gru({ input: width, hidden: width }).specs,
    V: glorot(4 * width, gate),
    c: zerosInit(gate),
    w: normalInit(1 / Math.sqrt(gate), gate),
    b: zerosInit(1),
  }),
  step({ x, question: q, memory: m, h }, { gru: own, V, c, w, b }) {
    const z = concat([mul(x, q), mul(x, m), abs(sub(x, q)), abs(sub(x, m))]);
    const score = add(dot(tanh(add(matmul(z, V), c)), w), sum(b));
    const g = sigmoid(score);
    const width = x.shape[0]!;
    const { state } = gru({ input: width, hidden: width }).step({ x, h }, own);
    return { state: { h: add(mul(g, state.h), mul(sub(1, g), h)) }, output: score };
  },
});
