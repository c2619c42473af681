import { check, describe } from "../../check/index.js";
import { formatShape, onCpu, ShapeError, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

/** Rows of states beside rows of targets, checked, in float64. */
export interface Rows {
  readonly count: number;
  /** [states targets], count x (features + outputs), row-major. */
  readonly values: Float64Array;
}

/**
 * Reads the rows that a readout is fitted to.
 * @throws ShapeError if they do not fit; RangeError naming the first row that holds what is no finite number
 */
export function rowsOf(
  what: string,
  { features, outputs }: { readonly features: number; readonly outputs: number },
  states: Value,
  targets: Value,
): Rows {
  const count = checkRows(what, "states", states, features, "features");
  const many = checkRows(what, "targets", targets, outputs, "outputs");
  if (count !== many)
    throw new ShapeError(
      `${what}: states ${formatShape(states.shape)} and targets ${formatShape(targets.shape)} have different numbers of rows; there is a row of targets for each row of states`,
    );
  const values = new Float64Array(count * (features + outputs));
  copyColumns(what, "states", states, features, values, 0, features + outputs);
  copyColumns(what, "targets", targets, outputs, values, features, features + outputs);
  return { count, values };
}

function checkRows(what: string, name: string, rows: Value, columns: number, meaning: string): number {
  check(what, name, rows, valueKind);
  if (rows.rank !== 2 || rows.shape[1] !== columns)
    throw new ShapeError(
      `${what}: ${name} is ${formatShape(rows.shape)}, expected [rows, ${columns}]: ${columns} ${meaning} in each row`,
    );
  if (rows.dtype === "int32")
    throw new TypeError(`${what}: ${name} is int32, expected float32 or float64; cast(${name}, "float64")`);
  return rows.shape[0]!;
}

function copyColumns(
  what: string,
  name: string,
  rows: Value,
  columns: number,
  into: Float64Array,
  first: number,
  width: number,
): void {
  const numbers = onCpu(rows).toArray();
  for (let i = 0; i < rows.shape[0]!; i++)
    for (let j = 0; j < columns; j++) {
      const x = numbers[i * columns + j]!;
      if (!Number.isFinite(x))
        throw new RangeError(
          `${what}: row ${i} of ${name} holds ${describe(x)} in column ${j}; every number must be finite: leave the row out, or see why the ${name === "states" ? "states" : "data"} overflow`,
        );
      into[i * width + first + j] = x;
    }
}
