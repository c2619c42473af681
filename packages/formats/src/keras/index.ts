export type { KerasActivation } from "./activations.js";
export type { KerasCell, KerasCellKind } from "./cell-kinds.js";
export { KerasError, type KerasProblem } from "./error.js";
export { decodeKeras, type FromKerasOptions, fromKeras } from "./from-keras.js";
export { type KerasSequences, kerasBatch } from "./keras-batch.js";
export type {
  KerasActivationLayer,
  KerasDense,
  KerasDropout,
  KerasEmbedding,
  KerasLayer,
  KerasLayerOrKind,
  KerasMasking,
  KerasMerge,
  KerasRecurrentLayer,
  KerasStackedCells,
} from "./keras-layer.js";
export type { KerasMask, KerasModel } from "./keras-model.js";
export { type ToKerasOptions, toKeras } from "./to-keras.js";
