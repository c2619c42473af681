export type { CellMaker } from "../cells/inner-cell.js";
export {
  type AttendConfig,
  type AttendInputs,
  type AttendState,
  type AttentionConfig,
  attend,
} from "./attend.js";
export type { Sequences, TargetSequences } from "./check-sequences.js";
export type { ContextConfig, ReadSource } from "./context.js";
export type { DecoderSpecs } from "./decoder-cell.js";
export * from "./encoder-decoder.js";
export type { EncoderDecoderConfig } from "./encoder-decoder-settings.js";
export type { FirstStateParams } from "./first-state.js";
export type { PointerSpecs } from "./pointer-cell.js";
export * from "./pointer-network.js";
export * from "./sequence-autoencoder.js";
