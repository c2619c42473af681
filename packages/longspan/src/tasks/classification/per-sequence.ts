import { concat, div, gather, slice } from "../../ops/index.js";
import { fromArray, type Value } from "../../tensor/index.js";
import type { Structure } from "../../unfold/index.js";

/** The mean of each sequence's rows, [nodes, features] to [sequences, features]. */
export function meanPerSequence(structure: Structure, rows: Value): Value {
  const counts = Float64Array.from(structure.nodesPerSequence());
  return div(structure.sumPerSequence(rows), fromArray(counts, [counts.length, 1], rows.dtype));
}

/**
 * The row of each sequence's last step, [nodes, features] to [sequences, features]; where outputs see both directions, the first half of it,
 * beside the second half of the first step's row, the last that was read backwards.
 */
export function lastPerSequence(structure: Structure, rows: Value, forward: boolean): Value {
  const { firsts, lasts } = endsOf(structure);
  const last = gather(rows, fromArray(lasts, [lasts.length], "int32"));
  if (forward) return last;
  const first = gather(rows, fromArray(firsts, [firsts.length], "int32"));
  const width = rows.shape[1]!;
  const half = Math.floor(width / 2);
  return concat([slice(last, 1, 0, half), slice(first, 1, half, width)]);
}

/** The rows of the first and of the last node of each sequence. */
export function endsOf({ nodes, sequences, parts }: Structure): { firsts: Int32Array; lasts: Int32Array } {
  const firsts = new Int32Array(sequences);
  const lasts = new Int32Array(sequences);
  const first = new Int32Array(sequences).fill(nodes);
  const last = new Int32Array(sequences).fill(-1);
  for (let row = 0; row < nodes; row++) {
    const [s, at] = [parts.sequenceOf[row]!, parts.order[row]!];
    if (at < first[s]!) {
      first[s] = at;
      firsts[s] = row;
    }
    if (at > last[s]!) {
      last[s] = at;
      lasts[s] = row;
    }
  }
  return { firsts, lasts };
}
