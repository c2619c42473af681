export {
  type AttendConfig,
  type AttendInputs,
  type AttendState,
  type AttentionConfig,
  attend,
} from "./attend.js";
export type { CellMaker, DecoderSpecs } from "./decoder-cell.js";
