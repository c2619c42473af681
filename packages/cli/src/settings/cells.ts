import { type CellName, cellTable } from "longspan";

/** The cells of the command line, by the names that it gives them: those over chains whose only size is that of the state. */
const byName = new Map<string, CellName>(
  (Object.keys(cellTable) as CellName[])
    .filter((name) => cellTable[name].over === "chains" && !cellTable[name].projects)
    .map((name) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), name]),
);

/** Names of cells on the command line: `gru-reset-after` for `gruResetAfter`. */
export const cells: readonly string[] = [...byName.keys()];

/** The name by which the library knows a cell. */
export function libraryName<N extends CellName>(cell: string): N {
  return byName.get(cell) as N;
}
