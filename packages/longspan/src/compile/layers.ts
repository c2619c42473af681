/** What a layer holds: maps, or other instructions. */
export type LayerKind = "maps" | "instructions";

/**
 * The number of a layer. A region runs its layers in the order maps 0, instructions 0, maps 1, instructions 1, ... A layer with a smaller
 * number runs earlier. Only this file knows which numbers belong to maps.
 */
export type Layer = number;

/** The first layer of a kind. */
export function firstLayer(kind: LayerKind): Layer {
  return kind === "maps" ? 0 : 1;
}

/** The kind of a layer. */
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
