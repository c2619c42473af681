import { Cell } from "../cell/index.js";
import { check, describe, oneOf, type RequiredKind, text } from "../check/index.js";
import {
  type AnyCell,
  type AnySequenceLayer,
  type CellName,
  type ChainCellName,
  cellTable,
  chainCells,
  clockwork,
  type MachineName,
  machineTable,
  namedCell,
  recurrent,
  rnn,
  type TreeCellName,
} from "../nn/index.js";
import { layerKind } from "../nn/layers/kinds.js";

/** The library's cells by the names that a run gives them: those over chains whose only size is that of the state. */
const byName: ReadonlyMap<string, ChainCellName> = new Map(
  chainCells.filter((name) => !cellTable[name].projects).map((name) => [spelled(name), name] as const),
);

/** Layers that are more than a cell, and whose only size is that of the state too. */
const layers: ReadonlyMap<string, (sizes: LayerSizes) => AnySequenceLayer> = new Map([
  ["clockwork", ({ input, hidden }) => clockwork(rnn, { input, groups: clockGroups(hidden) })],
]);

/** Sizes of a layer of a run. */
export interface LayerSizes {
  /** Features of what it reads. */
  readonly input: number;
  readonly hidden: number;
}

/** A cell of the user's own by its sizes: what a module exports as default that `--cell ./mine.mjs` names. A layer will do as well. */
export type OwnCellMaker = (sizes: LayerSizes) => Cell<never, never, never, never> | AnySequenceLayer;

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

/**
 * Whether the cell that a run names is the user's own: the path of a module.
 * @example isOwnCell("./mine.mjs") // true; isOwnCell("lstm") is false
 */
export function isOwnCell(cell: string): boolean {
  check("isOwnCell", "cell", cell, text);
  return /\.m?js$/.test(cell);
}

/** The cell of a run: a name of the library, or the path of a module. @param names of the library */
export function cellKind(names: readonly string[] = runCells): RequiredKind {
  const named = oneOf(...names);
  const words = `${named.words}, or a module such as ./mine.mjs`;
  const accepts = (value: unknown) => named.accepts(value) || (typeof value === "string" && isOwnCell(value));
  return { words, accepts, refusal: (subject, value) => named.refusal(subject, value) };
}

/**
 * The cell, or the layer, that a user's module makes.
 * @throws TypeError if there is no module, or it makes something else
 */
export function ownCellOf(
  name: string,
  sizes: LayerSizes,
  make: OwnCellMaker | null | undefined,
): AnyCell | AnySequenceLayer {
  if (!make)
    throw new TypeError(
      `the cell ${name} is one of your own: hand over what its module exports, as the setting cell`,
    );
  const made: unknown = make(sizes);
  if (made instanceof Cell || layerKind.accepts(made)) return made as AnyCell | AnySequenceLayer;
  throw new TypeError(
    `the cell ${name}: its module made ${describe(made)} of { input: ${sizes.input}, hidden: ${sizes.hidden} }, expected a cell, made by defineCell(...), or a layer`,
  );
}

/**
 * The recurrent layer that a run has by the name of its cell: one of `runCells`, or a module of the user's.
 * @param own what that module exports
 */
export function runLayer(cell: string, sizes: LayerSizes, own?: OwnCellMaker | null): AnySequenceLayer {
  if (isOwnCell(cell)) {
    const made = ownCellOf(cell, sizes, own);
    return made instanceof Cell ? recurrentOf(made) : made;
  }
  const make = layers.get(cell);
  return make ? make(sizes) : recurrentOf(namedCell(byName.get(cell)!, sizes));
}

/** The cell that a run has by its name, for who runs it otherwise than as a layer; null where the name is that of a layer. */
export function runCell(cell: string, sizes: LayerSizes, own?: OwnCellMaker | null): AnyCell | null {
  if (!isOwnCell(cell)) return layers.has(cell) ? null : namedCell(byName.get(cell)!, sizes);
  const made = ownCellOf(cell, sizes, own);
  return made instanceof Cell ? (made as AnyCell) : null;
}

/** The library's cells over trees, by the names that a run gives them. */
const overTrees: ReadonlyMap<string, TreeCellName> = new Map(
  (Object.keys(cellTable) as CellName[])
    .filter((name): name is TreeCellName => cellTable[name].over === "trees")
    .map((name) => [spelled(name), name] as const),
);

/** The cells that a run on trees may have, as its settings spell them. */
export const treeRunCells: readonly string[] = [...overTrees.keys()];

/** The cell of a run on trees. @throws TypeError if the user's module makes no cell */
export function treeCell(cell: string, sizes: LayerSizes, own?: OwnCellMaker | null): AnyCell {
  if (!isOwnCell(cell)) return namedCell(overTrees.get(cell)!, sizes);
  const made = ownCellOf(cell, sizes, own);
  if (made instanceof Cell) return made as AnyCell;
  throw new TypeError(`the cell ${cell}: its module made a layer; a run on trees takes a cell`);
}

function recurrentOf(cell: AnyCell): AnySequenceLayer {
  return recurrent(cell) as unknown as AnySequenceLayer;
}

/** The cells with a memory that a run on a synthetic problem may have besides, spelled likewise: `ntm-feedforward`. */
export const memoryRunCells: readonly string[] = [...machines.keys()];

/** The name by which the library knows a cell with a memory; undefined if it is none. */
export function machineName(cell: string): MachineName | undefined {
  return machines.get(cell);
}
