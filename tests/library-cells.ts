import { type AnyCell, type CellName, type CellRow, cellTable, namedCell } from "longspan";

/** The cells of the library for chains, or for trees, of these sizes: what their tests go over. A cell that projects its output hands on two features. */
export function libraryCells(
  over: CellRow["over"],
  sizes: { readonly input: number; readonly hidden: number },
): (readonly [name: CellName, cell: AnyCell])[] {
  return (Object.keys(cellTable) as CellName[])
    .filter((name) => cellTable[name].over === over)
    .map((name) => [
      name,
      namedCell(name, { ...sizes, ...(cellTable[name].projects ? { projection: 2 } : {}) }),
    ]);
}
