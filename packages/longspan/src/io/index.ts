export { decodeSafetensors, type StoredTensor, type StoredWeights } from "./decode.js";
export { encodeSafetensors } from "./encode.js";
export { loadInto } from "./load-into.js";
export { encodeTensorBoardEvent, type TensorBoardEvent, tensorBoardHeader } from "./tensor-board.js";
export { WeightFileError, type WeightFileProblem } from "./weight-file-error.js";
