import type { Memory } from "./memory.js";
import { listMemory, type StrengthsConfig, type StrengthsState } from "./strengths.js";

/**
 * A continuous queue: rows with strengths, the newest first. It pushes at one end and pops and reads at the other, where the oldest rows lie,
 * all to extents between 0 and 1.
 *
 *     v = tanh(.),  d = sigmoid(. + pushBias),  u = sigmoid(. + popBias)   what is pushed; how much of it; how much is popped
 *     s'(i) = max(0, s(i) - max(0, u - s(i+1) - ... - s(N-1)))                     popping, the oldest first         (equation 4)
 *     M(t) = [v, M(0), ..., M(N-2)],  s(t) = [d, s'(0), ..., s'(N-2)]              pushing                           (1, 4)
 *     r = sum over i of min(s(i), max(0, 1 - s(i+1) - ... - s(N-1))) M(i)          the oldest, after the push        (5)
 *
 * Where d and u are 0 or 1, it is an ordinary queue. N rows hold what the last N steps pushed, each step one row, if only with a strength
 * near 0. A push beyond that puts out the oldest row, with the strength that it has left: the front of a long queue is lost. A sequence of at
 * most N steps loses none.
 *
 * It is told v [width], d [1] and u [1], and answers r [width]. State: memory M [rows, width], strengths s [rows], both zero at first. On
 * kinks and biases, see `stackMemory`.
 *
 * @see Grefenstette, Hermann, Suleyman, Blunsom (2015), "Learning to transduce with unbounded memory", section 3.2
 * @example
 * const cell = withMemory(lstm, { input: 3, hidden: 4, memory: queueMemory({ rows: 10, width: 5 }) });
 * unfold(cell, cell.init(Key.of(1)), { x: zeros([7, 3]) }, chain([7])).output.shape // [ 7, 9 ]
 */
export function queueMemory(config: StrengthsConfig): Memory<Readonly<Record<never, never>>, StrengthsState> {
  return listMemory("queueMemory", config, "last row");
}
