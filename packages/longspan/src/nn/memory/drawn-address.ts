import { reshape, sum } from "../../ops/index.js";
import { drawMember, rowMembers } from "../addressing/index.js";
import type { AddressPart } from "./address-parts.js";

/**
 * One row drawn at random, each with its weight as its probability: hard addressing. It reads or writes a single row, whatever the number
 * of rows.
 *
 *     w' = 1 at the row drawn, 0 at the others
 *
 * No derivative goes through the draw. The cell sums the logarithm of its probability over the steps of each sequence, as
 * `sums.logProbability`; `scoreFunction` makes gradients of it.
 *
 * @see Zaremba, Sutskever (2015), "Reinforcement learning neural Turing machines"; `drawMember`
 * @example
 * const memory = turingMemory({ rows: 6, width: 5, address: [addressByContent(), drawnAddress()] });
 * const cell = withMemory(lstm, { input: 3, hidden: 4, memory });
 * const { final, sums } = unfold(cell, cell.init(Key.of(1)), { x: zeros([5, 3]) }, chain([5]), { key: Key.of(2) });
 * final.readWeights // one row has 1, the others 0
 * sums.logProbability!.shape // [ 1 ]: one number per sequence
 */
export function drawnAddress(): AddressPart {
  return {
    name: "drawnAddress",
    from: "weights",
    emits: () => [],
    address({ weights, context }) {
      const noise = context.uniform(weights!.shape);
      const { drawn, logProbability } = drawMember(weights!, noise, rowMembers);
      return { weights: drawn, logProbability: sum(reshape(logProbability, [logProbability.size])) };
    },
  };
}
