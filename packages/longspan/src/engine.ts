/**
 * The engine's inner parts, for those who extend it: op records, traced cells and their derivation, the compiler, programs
 * and executors. They change more often than the main entry does.
 *
 * @module longspan/engine
 */
import "./index.js";

export * from "./autodiff/index.js";
export * from "./cell/index.js";
export * from "./compile/index.js";
export { executor, executorReport, ReferenceExecutor } from "./executors/index.js";
export * from "./ops/index.js";
export { BoundView } from "./program/bound-view.js";
export * from "./program/index.js";
export { recordOf } from "./program/instructions/index.js";
export * from "./recording/index.js";
export * from "./tensor/index.js";
export * from "./unfold/index.js";
