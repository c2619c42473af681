export * from "./bernoulli-cross-entropy.js";
export * from "./bleu.js";
export * from "./chr-f.js";
export * from "./cross-entropy.js";
export * from "./ctc/index.js";
export * from "./edit-distance.js";
export * from "./gaussian.js";
export {
  type Mixture,
  type MixtureSizes,
  mixtureLossMean,
  mixtureLossPerRow,
  mixtureLossSum,
  mixtureOf,
  mixtureOutputs,
} from "./mixture.js";
export * from "./score-function.js";
export * from "./squared-error.js";
export * from "./units.js";
