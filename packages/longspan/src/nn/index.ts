export * from "./ancestral-sampling.js";
export * from "./cells/index.js";
export * from "./init/index.js";
export * from "./language-model.js";
export * from "./layers/index.js";
export * from "./losses/index.js";
export * from "./pascanu-rnn.js";
export { type SamplingSettings, samplingDistribution } from "./sampling-distribution.js";
export * from "./sequence-model.js";
