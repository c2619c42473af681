import { instanceOf, type RequiredKind } from "../../check/index.js";
import { gather, slice } from "../../ops/index.js";
import { IndexError } from "../../program/index-error.js";
import { fromArray, type Value } from "../../tensor/index.js";

/** Rows that are asked for. */
export const rowsKind: RequiredKind = instanceOf(Int32Array, "an Int32Array of rows of the structure");

/**
 * Some rows of a value; where they lie side by side, as the last ones of sequences of one length do, as a slice.
 *
 * @param what who asks
 * @throws IndexError for a row that there is not
 */
export function rowsOf(what: string, value: Value, rows: Int32Array): Value {
  const nodes = value.shape[0]!;
  const [first = 0] = rows;
  let adjoining = true;
  for (const [i, row] of rows.entries()) {
    if (row < 0 || row >= nodes)
      throw new IndexError(
        `${what}: rows[${i}] is ${row}, expected a row of the structure, ${nodes === 0 ? "which has none" : `0 to ${nodes - 1}`}`,
      );
    if (row !== first + i) adjoining = false;
  }
  if (adjoining && rows.length === nodes) return value;
  return adjoining
    ? slice(value, 0, first, first + rows.length)
    : gather(value, fromArray(rows, [rows.length], "int32"));
}
