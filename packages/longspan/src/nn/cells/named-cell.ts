import { check, checkSettings, oneOf, optional, size } from "../../check/index.js";
import { type AnyCell, type CellName, type CellSizes, cellTable } from "./table.js";

/**
 * A cell of the library by its name, with its usual settings.
 *
 * @param name one of the names of `cellTable`
 * @throws RangeError if there is no such cell, or the projection is missing or of no use
 * @example
 * namedCell("gru", { input: 3, hidden: 4 }).state; // { h: [4] }
 * namedCell("projectedLstm", { input: 3, hidden: 8, projection: 2 }).state; // { h: [2], s: [8] }
 */
export function namedCell(name: CellName, sizes: CellSizes): AnyCell {
  check("namedCell", "name", name, oneOf(...Object.keys(cellTable)));
  const kinds = { input: size, hidden: size, projection: optional(size) };
  const settled = checkSettings("namedCell", sizes, kinds);
  return makerOf("namedCell", name, settled.projection)(settled);
}

/**
 * What makes the cell of a name.
 *
 * @param what who asks
 * @throws RangeError if a projection is missing or of no use
 */
export function makerOf(
  what: string,
  name: CellName,
  projection: number | undefined,
): (sizes: Pick<CellSizes, "input" | "hidden">) => AnyCell {
  const { make, projects = false } = cellTable[name];
  if (projects && projection === undefined)
    throw new RangeError(
      `${what}: the cell ${name} needs a projection, the number of units that it hands on`,
    );
  if (!projects && projection !== undefined)
    throw new RangeError(
      `${what}: a projection of ${projection} units, but the cell ${name} projects nothing; use ${projecting.join(" or ")}`,
    );
  return ({ input, hidden }) =>
    make({ input, hidden, ...(projects ? { projection } : {}) } as Required<CellSizes>);
}

const projecting = Object.entries(cellTable).flatMap(([name, row]) => (row.projects ? [name] : []));
