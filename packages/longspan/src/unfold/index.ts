export * from "./backward.js";
export { linearized, transposed } from "./derived-cells.js";
export type { Probes } from "./probes.js";
export * from "./structures/chain.js";
export * from "./structures/graph.js";
export * from "./structures/structure.js";
export * from "./structures/trees.js";
export * from "./unfold.js";
export { executableFor, type UnfoldAttrs, unfoldOp } from "./unfold-op.js";
