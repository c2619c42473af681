/** What runs in a layer: maps, or any other instructions. */
export type LayerKind = "maps" | "instructions";

/**
 * Within a region, work is done in layers: maps 0, instructions 0, maps 1, instructions 1, ... A layer comes before another where
 * its number is smaller; only this file knows how the numbers are given.
 */
export type Layer = number;

/** The first layer of a kind. */
export function firstLayer(kind: LayerKind): Layer {
  return kind === "maps" ? 0 : 1;
}

/** What runs in a layer. */
export function kindOf(layer: Layer): LayerKind {
  return layer % 2 === 0 ? "maps" : "instructions";
}

/** The next layer of a kind after this one. */
export function layerAfter(layer: Layer, kind: LayerKind): Layer {
  return kindOf(layer) === kind ? layer + 2 : layer + 1;
}

/** The last layer of a kind before this one. */
export function layerBefore(layer: Layer, kind: LayerKind): Layer {
  return kindOf(layer) === kind ? layer - 2 : layer - 1;
}

/** This layer if it is of the kind, or the next one that is. */
export function layerFrom(layer: Layer, kind: LayerKind): Layer {
  return kindOf(layer) === kind ? layer : layer + 1;
}

/** A layer as printed: `maps 1`. */
export function printLayer(layer: Layer): string {
  return `${kindOf(layer)} ${layer >> 1}`;
}
