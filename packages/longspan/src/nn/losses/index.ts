export * from "./bernoulli-cross-entropy.js";
export * from "./cross-entropy.js";
export * from "./gaussian.js";
export * from "./mixture.js";
export * from "./squared-error.js";
export * from "./units.js";
