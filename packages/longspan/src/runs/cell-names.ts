import { type ChainCellName, cellTable, chainCells } from "../nn/index.js";

/** The library's cells by the names that a run gives them: those over chains whose only size is that of the state. */
const byName: ReadonlyMap<string, ChainCellName> = new Map(
  chainCells
    .filter((name) => !cellTable[name].projects)
    .map((name) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), name] as const),
);

/** The cells that a run may have, as its settings spell them: `gru-reset-after` is `gruResetAfter`. */
export const runCells: readonly string[] = [...byName.keys()];

/** The name by which the library knows a cell. */
export function libraryName(cell: string): ChainCellName {
  return byName.get(cell)!;
}
