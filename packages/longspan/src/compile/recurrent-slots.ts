import { dependencies } from "../autodiff/index.js";
import { type CellGraph, inSlots, outSlots } from "../cell/index.js";
import type { Value } from "../tensor/index.js";

/** Which slots are recurrent. */
export interface Recurrences {
  readonly in: readonly boolean[];
  readonly out: readonly boolean[];
  readonly edge: boolean;
}

/**
 * The slots that depend on themselves along the structure, or on a slot that does. In a cell with an edge step all slots count as
 * recurrent: messages and states take turns from level to level.
 */
export function recurrentSlots(cell: CellGraph): Recurrences {
  const slots = inSlots(cell).length;
  const reads = (results: readonly Value[], states: readonly Value[]) => {
    const reached = dependencies(cell.equations, results);
    return states.some((v) => reached.has(v));
  };
  if (cell.edge) {
    return { in: inSlots(cell).map(() => true), out: outSlots(cell).map(() => true), edge: true };
  }
  // depends[s][q]: the new value of slot s reads the old value of slot q. Then the transitive closure.
  const column = (ports: readonly (readonly Value[])[], s: number) => ports.map((port) => port[s]!);
  const depends = Array.from({ length: slots }, (_, s) =>
    Array.from({ length: slots }, (_, q) => reads(column(cell.stateOut, s), column(cell.stateIn, q))),
  );
  for (let k = 0; k < slots; k++)
    for (let i = 0; i < slots; i++)
      for (let j = 0; j < slots; j++) if (depends[i]![k]! && depends[k]![j]!) depends[i]![j] = true;
  const cyclic = depends.map((row, s) => row[s]!);
  const recurrent = depends.map((row, s) => cyclic[s]! || row.some((d, q) => d && cyclic[q]!));
  return { in: recurrent, out: recurrent, edge: false };
}
