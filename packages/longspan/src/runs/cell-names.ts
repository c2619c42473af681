import {
  type AnySequenceLayer,
  type ChainCellName,
  cellTable,
  chainCells,
  clockwork,
  type MachineName,
  machineTable,
  namedCell,
  recurrent,
  rnn,
} from "../nn/index.js";

/** The library's cells by the names that a run gives them: those over chains whose only size is that of the state. */
const byName: ReadonlyMap<string, ChainCellName> = new Map(
  chainCells.filter((name) => !cellTable[name].projects).map((name) => [spelled(name), name] as const),
);

/** Layers that are more than a cell, and whose only size is that of the state too. */
const layers: ReadonlyMap<string, (sizes: LayerSizes) => AnySequenceLayer> = new Map([
  ["clockwork", ({ input, hidden }) => clockwork(rnn, { input, groups: clockGroups(hidden) })],
]);

/** Sizes of a layer of a run. */
interface LayerSizes {
  readonly input: number;
  readonly hidden: number;
}

/** Groups of equal size with the periods 1, 2, 4, 8 and 16, as far as there are units; what is left over goes to the fastest. */
function clockGroups(hidden: number) {
  const count = Math.min(5, hidden);
  const units = Math.floor(hidden / count);
  return Array.from({ length: count }, (_, g) => ({
    units: g === 0 ? hidden - (count - 1) * units : units,
    period: 2 ** g,
  }));
}

/** The library's cells with a memory, likewise. */
const machines: ReadonlyMap<string, MachineName> = new Map(
  (Object.keys(machineTable) as MachineName[]).map((name) => [spelled(name), name] as const),
);

function spelled(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * The cells that a run may have, as its settings spell them: `gru-reset-after` is `gruResetAfter`. `clockwork` is a layer of groups of `rnn`
 * with the periods 1, 2, 4, 8 and 16.
 */
export const runCells: readonly string[] = [...byName.keys(), ...layers.keys()];

/** The recurrent layer that a run has by the name of its cell, one of `runCells`. */
export function runLayer(cell: string, sizes: LayerSizes): AnySequenceLayer {
  const make = layers.get(cell);
  return make ? make(sizes) : (recurrent(namedCell(byName.get(cell)!, sizes)) as unknown as AnySequenceLayer);
}

/** The cells with a memory that a run on a synthetic problem may have besides, spelled likewise: `ntm-feedforward`. */
export const memoryRunCells: readonly string[] = [...machines.keys()];

/** The name by which the library knows a cell with a memory; undefined if it is none. */
export function machineName(cell: string): MachineName | undefined {
  return machines.get(cell);
}
