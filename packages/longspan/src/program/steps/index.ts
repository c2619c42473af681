import { binary, constant, select, unary } from "./elementwise.js";
import { load, store } from "./memory.js";
import { concat, expand, iota, pad, permute, reshape, slice } from "./movement.js";
import type { StepRecord } from "./record.js";
import { reduce } from "./reduce.js";
import { uniform } from "./uniform.js";

export type { BinaryStep, Constant, Select, UnaryStep } from "./elementwise.js";
export type { Load, Store } from "./memory.js";
export type { Concat, Expand, Iota, Pad, Permute, Reshape, Slice } from "./movement.js";
export type { Register, StepRecord, Tile } from "./record.js";
export type { Reduce } from "./reduce.js";
export type { Uniform } from "./uniform.js";

/** Every kind of map operation. The type `MapOp` follows from it. */
export const steps = {
  load,
  store,
  unary,
  binary,
  select,
  constant,
  iota,
  expand,
  reduce,
  reshape,
  permute,
  slice,
  pad,
  concat,
  uniform,
} as const;

/** The map operation that a record is of. */
export type StepOf<R> = R extends StepRecord<infer S> ? S : never;

/** One step of a tile program; registers are written once. */
export type MapOp = StepOf<(typeof steps)[keyof typeof steps]>;
