import { checkSettings } from "../../check/index.js";
import { concat, slice } from "../../ops/index.js";
import type { Memory } from "./memory.js";
import {
  type Listed,
  popped,
  pushed,
  readAt,
  type StrengthsConfig,
  type StrengthsState,
  signalsOf,
  strengthsKinds,
} from "./strengths.js";

/**
 * A continuous double-ended queue: it pushes, pops and reads at both ends at every step, all to extents between 0 and 1. Rows lie in the
 * order from the top to the bottom: first the N that were pushed on the top, the newest first, then the N that were pushed at the bottom,
 * the newest last.
 *
 *     v = tanh(.),  d = sigmoid(. + pushBias),  u = sigmoid(. + popBias)   for the top, and again for the bottom
 *     s'(i) = max(0, s(i) - max(0, u_top - s(0) - ... - s(i-1)))                   popping from the top
 *     s"(i) = max(0, s'(i) - max(0, u_bottom - s'(i+1) - ... - s'(2N-1)))          then from the bottom
 *     M(t) = [v_top, M(0), ..., M(N-2), M(N+1), ..., M(2N-1), v_bottom]            pushing at both ends
 *     r_top, r_bottom                                                              as a stack and a queue answer
 *
 * Strengths move as their rows do. A row may be popped from either end, whichever it was pushed at. Where pushes and pops are 0 or 1, it is
 * an ordinary double-ended queue. Each end keeps what its last N steps pushed; a push beyond that puts out the oldest of the same end,
 * which lies in the middle. A sequence of at most N steps loses none.
 *
 * It is told v [width], d [1] and u [1] for the top, then for the bottom, and answers r_top and r_bottom, [2 width]. State: memory
 * [2 rows, width], strengths [2 rows], both zero at first. On kinks and biases, see `stackMemory`.
 *
 * @see Grefenstette, Hermann, Suleyman, Blunsom (2015), "Learning to transduce with unbounded memory", section 3.3
 * @example
 * const cell = withMemory(lstm, { input: 3, hidden: 4, memory: dequeMemory({ rows: 10, width: 5 }) });
 * cell.state.memory // [ 20, 5 ]
 */
export function dequeMemory(config: StrengthsConfig): Memory<Readonly<Record<never, never>>, StrengthsState> {
  const settings = checkSettings("dequeMemory", config, strengthsKinds);
  const { rows, width } = settings;
  const signals = width + 2;
  return {
    name: "dequeMemory",
    emits: 2 * signals,
    reads: 2 * width,
    state: { memory: [2 * rows, width], strengths: [2 * rows] },
    specs: {},
    step({ emitted, state: { memory, strengths } }) {
      const [top, bottom] = [0, signals].map((at) =>
        signalsOf(slice(emitted, -1, at, at + signals), settings),
      );
      const left = popped(popped(strengths, top!.pop, "first row"), bottom!.pop, "last row");
      const half = (from: number): Listed => ({
        memory: slice(memory, 0, from, from + rows),
        strengths: slice(left, 0, from, from + rows),
      });
      const [upper, lower] = [pushed(half(0), top!, "first row"), pushed(half(rows), bottom!, "last row")];
      const state = {
        memory: concat([upper.memory, lower.memory], 0),
        strengths: concat([upper.strengths, lower.strengths], 0),
      };
      return { read: concat([readAt(state, "first row"), readAt(state, "last row")]), state };
    },
  };
}
