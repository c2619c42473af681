import { type ChainCellName, cellTable, chainCells, type MachineName, machineTable } from "../nn/index.js";

/** The library's cells by the names that a run gives them: those over chains whose only size is that of the state. */
const byName: ReadonlyMap<string, ChainCellName> = new Map(
  chainCells.filter((name) => !cellTable[name].projects).map((name) => [spelled(name), name] as const),
);

/** The library's cells with a memory, likewise. */
const machines: ReadonlyMap<string, MachineName> = new Map(
  (Object.keys(machineTable) as MachineName[]).map((name) => [spelled(name), name] as const),
);

function spelled(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The cells that a run may have, as its settings spell them: `gru-reset-after` is `gruResetAfter`. */
export const runCells: readonly string[] = [...byName.keys()];

/** The name by which the library knows a cell. */
export function libraryName(cell: string): ChainCellName {
  return byName.get(cell)!;
}

/** The cells with a memory that a run on a synthetic problem may have besides, spelled likewise: `ntm-feedforward`. */
export const memoryRunCells: readonly string[] = [...machines.keys()];

/** The name by which the library knows a cell with a memory; undefined if it is none. */
export function machineName(cell: string): MachineName | undefined {
  return machines.get(cell);
}
