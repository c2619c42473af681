import type { Memory } from "./memory.js";
import { listMemory, type StrengthsConfig, type StrengthsState } from "./strengths.js";

/**
 * A continuous stack: rows with strengths, the newest first. It pushes and pops at every step, both to an extent between 0 and 1, and what it
 * answers is the top of the stack, to the depth at which strengths add up to 1.
 *
 *     v = tanh(.),  d = sigmoid(. + pushBias),  u = sigmoid(. + popBias)   what is pushed; how much of it; how much is popped
 *     s'(i) = max(0, s(i) - max(0, u - s(0) - ... - s(i-1)))                       popping, from the top              (equation 2)
 *     M(t) = [v, M(0), ..., M(N-2)],  s(t) = [d, s'(0), ..., s'(N-2)]              pushing, on the top                (1, 2)
 *     r = sum over i of min(s(i), max(0, 1 - s(0) - ... - s(i-1))) M(i)            the top, with what was just pushed (3)
 *
 * Where d and u are 0 or 1, it is an ordinary stack. As every step pushes a row, if only with a strength near 0, N rows hold what the last N
 * steps pushed. A push beyond that puts out the oldest, with the strength that it has left, so that the bottom of a deep stack is lost; a
 * sequence of at most N steps loses none.
 *
 * The max and min have kinks, where the derivative is that of `relu` and `minimum`. A row that is covered by a strength of 1 gets no
 * gradient, so a stack begins by pushing weakly, and popping still more weakly: what it reads then reaches down through several rows.
 *
 * It is told v [width], d [1] and u [1], and answers r [width]. State: memory M [rows, width], strengths s [rows], both zero at first.
 *
 * @see Grefenstette, Hermann, Suleyman, Blunsom (2015), "Learning to transduce with unbounded memory", section 3.1. There the rows stay
 * and the stack grows; here the rows move, with the same result
 * @example
 * const cell = withMemory(lstm, { input: 3, hidden: 4, memory: stackMemory({ rows: 10, width: 5 }) });
 * const { final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([7, 3]) }, chain([7]));
 * final.strengths.shape // [ 1, 10 ]
 */
export function stackMemory(config: StrengthsConfig): Memory<Readonly<Record<never, never>>, StrengthsState> {
  return listMemory("stackMemory", config, "first row");
}
