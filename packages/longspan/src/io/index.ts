export { decodeSafetensors, type StoredWeights } from "./decode.js";
export type { StoredTensor } from "./elements.js";
export { encodeSafetensors } from "./encode.js";
export { loadInto } from "./load-into.js";
export { decodePytorch } from "./pytorch/decode.js";
export { encodePytorch } from "./pytorch/encode.js";
export { encodeTensorBoardEvent, type TensorBoardEvent, tensorBoardHeader } from "./tensor-board.js";
export { WeightFileError, type WeightFileProblem } from "./weight-file-error.js";
