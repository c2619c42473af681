import {
  type AnyCell,
  type CellName,
  type CellRow,
  cellTable,
  type MachineName,
  type MachineSizes,
  machineTable,
  namedCell,
  namedMachine,
} from "longspan";

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

/** The library's cells with a memory, of these sizes: what their tests go over. */
export function libraryMachines(sizes: MachineSizes): (readonly [name: MachineName, cell: AnyCell])[] {
  return (Object.keys(machineTable) as MachineName[]).map((name) => [name, namedMachine(name, sizes)]);
}
