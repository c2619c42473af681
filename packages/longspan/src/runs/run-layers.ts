import {
  check,
  checkSettings,
  flag,
  func,
  type KindsOf,
  optional,
  orNull,
  rate,
  size,
} from "../check/index.js";
import { type AnySequenceLayer, bidirectional, stacked } from "../nn/index.js";
import { cellKind, type OwnCellMaker, runCell, runLayer } from "./cell-names.js";

/** The recurrent layers of a run, as its settings say them. */
export interface RunLayersConfig {
  /** One of `runCells`, or the path of a module of the user's. */
  readonly cell: string;
  /** Features of what the first one reads. */
  readonly input: number;
  /** Units of each layer; in each direction, where there are two. */
  readonly hidden: number;
  readonly layers: number;
  /** Dropout between layers. */
  readonly dropout?: number;
  /** Whether each layer reads in both directions. */
  readonly bidirectional?: boolean;
}

/**
 * One recurrent layer, or a stack of several.
 * @param own what the user's module exports, where the cell is one
 * @throws TypeError where both directions are asked for and there is no cell, but a layer
 * @example runLayers({ cell: "gru", input: 2, hidden: 8, layers: 2 }).features // 8
 */
export function runLayers(config: RunLayersConfig, own?: OwnCellMaker | null): AnySequenceLayer {
  const settings = checkSettings("runLayers", config, kinds);
  check("runLayers", "own", own, optional(orNull(func)));
  const { cell, hidden, layers: count, dropout = 0, bidirectional: both = false } = settings;
  const layerOn = (input: number): AnySequenceLayer => {
    if (!both) return runLayer(cell, { input, hidden }, own);
    const made = runCell(cell, { input, hidden }, own);
    if (made === null)
      throw new TypeError(
        `${cell} is a layer and no cell, so that it has no other direction; leave out bidirectional, or choose another cell`,
      );
    return bidirectional(made, made) as unknown as AnySequenceLayer;
  };
  const layers = [layerOn(config.input)];
  while (layers.length < count) layers.push(layerOn(layers.at(-1)!.features!));
  return count === 1 ? layers[0]! : (stacked(layers, { dropout }) as AnySequenceLayer);
}

const kinds: KindsOf<RunLayersConfig> = {
  cell: cellKind(),
  input: size,
  hidden: size,
  layers: size,
  dropout: optional(rate),
  bidirectional: optional(flag),
};
