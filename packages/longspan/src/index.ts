import { ReferenceExecutor } from "./executors/reference/index.js";
import { useExecutor } from "./tensor/index.js";

export * from "./autodiff/index.js";
export * from "./cell/index.js";
export * from "./compile/index.js";
export * from "./data/index.js";
export * from "./io/index.js";
export * from "./nn/index.js";
export * from "./ops/index.js";
export * from "./optim/index.js";
export * from "./program/index.js";
export * from "./tensor/index.js";
export * from "./train/index.js";
export * from "./unfold/index.js";

useExecutor(new ReferenceExecutor());
