/**
 * Models from and to the files of other systems.
 *
 * @module longspan-formats
 */
export * from "./keras/index.js";
export { OnnxError, type OnnxProblem } from "./onnx/error.js";
export { type FromOnnxOptions, fromOnnx, type OnnxModel, type OnnxParams } from "./onnx/from-onnx.js";
export { type OnnxFiles, type RunToOnnxOptions, runToOnnx } from "./onnx/run-to-onnx.js";
export { type ToOnnxOptions, toOnnx } from "./onnx/to-onnx.js";
export * from "./tensorflowjs/index.js";
