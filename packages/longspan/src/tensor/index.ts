export type { DType, Executor, ExecutorStatistics, TypedArray } from "../program/index.js";
export * from "./create.js";
export { type HostAccess, hostAccess, type Readable, withHostAccess } from "./host-access.js";
export * from "./key.js";
export * from "./random-numbers.js";
export { keep, owning, scope, scopeOfData, withoutRelease } from "./scope.js";
export * from "./shape.js";
export * from "./tree.js";
export { type CpuTensor, checkElements, isOnCpu, onCpu, read, Tensor, Value } from "./value.js";
