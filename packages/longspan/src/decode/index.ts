export { type AlignmentsSettings, alignments } from "./alignments.js";
export type { Decoded, SequenceLimits, Symbols } from "./allowed.js";
export * from "./beam-search.js";
export * from "./ctc-beam-search.js";
export * from "./ctc-best-path.js";
export {
  type EncoderDecoderState,
  type EncoderDecoderStepsSettings,
  encoderDecoderSteps,
} from "./encoder-decoder-steps.js";
export type { Gapped, Imputed } from "./gaps.js";
export * from "./greedy.js";
export * from "./impute-by-gibbs.js";
export * from "./impute-by-particles.js";
export * from "./language-steps.js";
export * from "./markov-model.js";
export * from "./sample-sequences.js";
export * from "./score-sequences.js";
export type { Sources } from "./sequences-of-symbols.js";
export type { Said, StepModel } from "./step-model.js";
