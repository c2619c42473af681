export * from "./bernoulli-cross-entropy.js";
export * from "./cross-entropy.js";
export * from "./squared-error.js";
export * from "./units.js";
