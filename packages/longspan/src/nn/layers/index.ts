export * from "./bidirectional.js";
export * from "./dropout.js";
export * from "./embedding.js";
export * from "./layer.js";
export * from "./layer-norm.js";
export * from "./linear.js";
export * from "./recurrent.js";
export * from "./stacked.js";
