export * from "./bidirectional.js";
export * from "./convolution.js";
export * from "./dropout.js";
export * from "./embedding.js";
export * from "./grid-convolution.js";
export * from "./layer-norm.js";
export * from "./linear.js";
export type { PooledStream } from "./pooled-stream.js";
export type { NumbersOf } from "./prepared-steps.js";
export * from "./recurrent.js";
export * from "./residual.js";
export * from "./sequence-layer.js";
export {
  type PastInputs,
  type Reach,
  type SlidingWindowConfig,
  slidingWindow,
  type WindowedLayer,
} from "./sliding-window.js";
export * from "./stacked.js";
export type { RowNumbers } from "./step-input.js";
export {
  openStream,
  type PartialState,
  type Stream,
  type StreamConfig,
  type StreamStep,
} from "./stream.js";
export type { FurtherInputs, StreamOptions } from "./stream-options.js";
export * from "./stream-pool.js";
export * from "./sweeps.js";
export * from "./tcn.js";
export {
  type BlockNorm,
  type TcnBlockConfig,
  type TcnBlockParams,
  type TcnBlockState,
  tcnBlock,
} from "./tcn-block.js";
