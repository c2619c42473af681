export type { DType, Executor, ExecutorStatistics, TypedArray } from "../program/index.js";
export { type Ambient, ambient } from "./ambient.js";
export { checkNumber, checkNumbers, describeElement } from "./check-numbers.js";
export * from "./create.js";
export { type HostAccess, hostAccess, type Readable, withHostAccess } from "./host-access.js";
export { Key } from "./key.js";
export * from "./random-numbers.js";
export {
  keep,
  owning,
  releaseReplaced,
  scope,
  scopeOfData,
  scopeOfTransform,
  withoutRelease,
} from "./scope.js";
export * from "./shape.js";
export * from "./tree.js";
export {
  type CpuTensor,
  checkElements,
  isOnCpu,
  type NumberLists,
  onCpu,
  read,
  Tensor,
  Value,
} from "./value.js";
