export type { Decoded, SequenceLimits, Symbols } from "./allowed.js";
export * from "./beam-search.js";
export * from "./ctc-beam-search.js";
export * from "./greedy.js";
export * from "./language-steps.js";
export * from "./markov-model.js";
export * from "./sample-sequences.js";
export * from "./score-sequences.js";
export type { Said, StepModel } from "./step-model.js";
