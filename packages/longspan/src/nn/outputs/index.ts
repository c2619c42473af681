export * from "./bernoulli-output.js";
export * from "./categorical-output.js";
export * from "./gaussian-output.js";
export * from "./mixture-output.js";
export type { OutputDistribution } from "./output-distribution.js";
