import { onCpu, sizeOf } from "../tensor/index.js";
import type { Step, Wire, Wiring } from "./wiring.js";

/** Per row, the rows of another value that it is made of; null where row by row is the same. */
export type RowOrigins = readonly (readonly number[])[] | null;

/**
 * Where the rows of a step's result come from in one of its operands, for the ops outside of cells that move rows: looking rows up by fixed
 * numbers, putting tables below each other, and folding neighbouring rows into one.
 */
export function movedRows(
  { wires, constants }: Wiring,
  { op, attrs, inputs, outputs }: Step,
  operand: Wire,
): RowOrigins {
  const [from, to] = [wires[operand]!, wires[outputs[0]!]!];
  if (typeof op === "string" || !to.isBatch) return null;
  const name = op.name;
  if (name === "gather" && operand === inputs[0] && constants.has(inputs[1]!))
    return Array.from(onCpu(constants.get(inputs[1]!)!).toArray(), (row) => [Number(row)]);
  if (name === "concat" && attrs.axis === 0)
    return inputs.flatMap((wire) => {
      const rows = wires[wire]!.shape[0] ?? 1;
      return Array.from({ length: rows }, (_, row) => (wire === operand ? [row] : []));
    });
  if (name !== "reshape") return null;
  const [before, after] = [from.shape[0] ?? 1, to.shape[0] ?? 1];
  if (before === after || sizeOf(from.shape) === 0) return null;
  if (before % after === 0)
    return Array.from({ length: after }, (_, row) =>
      Array.from({ length: before / after }, (_, k) => (row * before) / after + k),
    );
  return after % before === 0
    ? Array.from({ length: after }, (_, row) => [Math.floor((row * before) / after)])
    : null;
}

/** What rows are made of by two moves, the one that comes first in `first`. */
export function followed(first: RowOrigins, second: RowOrigins): RowOrigins {
  if (first === null || second === null) return first ?? second;
  return second.map((rows) => [...new Set(rows.flatMap((row) => first[row] ?? []))]);
}
