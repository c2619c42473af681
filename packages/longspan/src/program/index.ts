export type { BoundView } from "./bound-view.js";
export type * from "./buffers.js";
export * from "./check-bound.js";
export * from "./count.js";
export * from "./dtype.js";
export * from "./executor.js";
export * from "./handle.js";
export type {
  BatchedMatmul,
  Cholesky,
  CumulativeSum,
  Gather,
  Gemm,
  IndexSum,
  Instruction,
  InstructionOf,
  InstructionRecord,
  KernelFields,
  LinearRecurrence,
  MapInstruction,
  Order,
  OuterSum,
  RunRows,
  SegmentMap,
  SegmentSum,
  Show,
  SparseOuter,
  SparseProduct,
  SumRows,
  TileProgram,
  TriangularSolve,
  ViewUse,
} from "./instructions/index.js";
export * from "./opcodes.js";
export * from "./out-of-memory-error.js";
export * from "./print.js";
export * from "./program.js";
export * from "./spaces.js";
export type {
  BinaryStep,
  Concat,
  Constant,
  Expand,
  Iota,
  Load,
  MapOp,
  Pad,
  Permute,
  Reduce,
  Register,
  Reshape,
  Select,
  Slice,
  StepOf,
  StepRecord,
  Store,
  Tile,
  UnaryStep,
  Uniform,
} from "./steps/index.js";
export type * from "./tables.js";
export * from "./threefry.js";
export * from "./verify.js";
