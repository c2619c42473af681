import { mean } from "../../ops/index.js";
import { ShapeError, type Value } from "../../tensor/index.js";

/** @throws ShapeError if there are no rows: their mean is not a number. */
export function meanOverRows(what: string, perRow: Value): Value {
  if (perRow.size === 0) throw new ShapeError(`${what}: the mean over no rows; is the batch empty?`);
  return mean(perRow);
}
