import { gather, minimum } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";

/** The vector of the time since each sentence was told, T[t]: the last of the table T [times, width] for all that is longer ago. */
export function timeVectors(T: Value, time: Value): Value {
  return gather(T, minimum(time, T.shape[0]! - 1));
}
