/**
 * The engine's inner parts, for those who extend it: op records, traced cells and their derivation, the compiler, programs
 * and executors. They change more often than the main entry does.
 *
 * @module longspan/engine
 */
import "./index.js";

export * from "./autodiff/index.js";
export * from "./cell/index.js";
export {
  check,
  checkSettings,
  flag,
  func,
  instanceOf,
  isRecord,
  type Kind,
  type KindsOf,
  kind,
  listOf,
  type OptionalKind,
  oneOf,
  optional,
  type RequiredKind,
  rate,
  record,
  text,
} from "./check/index.js";
export * from "./compile/index.js";
export { executor, executorReport, ReferenceExecutor } from "./executors/index.js";
export { fromHalf } from "./io/half-floats.js";
export { decodeUtf8, encodeUtf8 } from "./io/utf8.js";
export { looksLikeZip, readZip, writeZip, type ZipEntry } from "./io/zip.js";
export { type SequenceLayerParts, sequenceLayer } from "./nn/layers/sequence-layer.js";
export * from "./ops/index.js";
export { BoundView } from "./program/bound-view.js";
export * from "./program/index.js";
export { recordOf } from "./program/instructions/index.js";
export * from "./recording/index.js";
export * from "./tensor/index.js";
export * from "./unfold/index.js";
