import { gather, minimum } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";

/** A row of a table, or its last for all numbers beyond: of the time since a sentence was told, T[t], or of a place in a sentence. */
export function rowOrLast(table: Value, number: Value): Value {
  return gather(table, minimum(number, table.shape[0]! - 1));
}
