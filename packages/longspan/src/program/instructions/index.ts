import { batchedMatmul } from "./batched-matmul.js";
import { cholesky } from "./cholesky.js";
import { cumulativeSum } from "./cumulative-sum.js";
import { gather } from "./gather.js";
import { gemm } from "./gemm.js";
import { indexSum } from "./index-sum.js";
import { linearRecurrence } from "./linear-recurrence.js";
import { map } from "./map.js";
import { order } from "./order.js";
import { outerSum } from "./outer-sum.js";
import type { InstructionRecord } from "./record.js";
import { scan } from "./scan.js";
import { segmentMap } from "./segment-map.js";
import { segmentMax } from "./segment-max.js";
import { segmentPick } from "./segment-pick.js";
import { segmentSum } from "./segment-sum.js";
import { sparseOuter } from "./sparse-outer.js";
import { sparseProduct } from "./sparse-product.js";
import { sumRows } from "./sum-rows.js";
import { triangularSolve } from "./triangular-solve.js";

export type { BatchedMatmul } from "./batched-matmul.js";
export type { Cholesky } from "./cholesky.js";
export type { CumulativeSum } from "./cumulative-sum.js";
export type { Gather } from "./gather.js";
export type { Gemm } from "./gemm.js";
export type { IndexSum } from "./index-sum.js";
export type { LinearRecurrence } from "./linear-recurrence.js";
export type { MapInstruction, TileProgram } from "./map.js";
export type { Order } from "./order.js";
export type { OuterSum } from "./outer-sum.js";
export type { InstructionRecord, KernelFields, RunRows, Show, ViewUse } from "./record.js";
export type { Scan } from "./scan.js";
export type { SegmentMap } from "./segment-map.js";
export type { SegmentMax } from "./segment-max.js";
export type { SegmentPick } from "./segment-pick.js";
export type { SegmentSum } from "./segment-sum.js";
export type { SparseOuter } from "./sparse-outer.js";
export type { SparseProduct } from "./sparse-product.js";
export type { SumRows } from "./sum-rows.js";
export type { TriangularSolve } from "./triangular-solve.js";

/** Every kind of instruction. The type `Instruction` follows from it, and the numbers of the kernels' encoding. */
export const instructions = {
  gemm,
  outerSum,
  batchedMatmul,
  sparseProduct,
  sparseOuter,
  sumRows,
  segmentSum,
  segmentMax,
  segmentPick,
  gather,
  indexSum,
  cumulativeSum,
  linearRecurrence,
  scan,
  order,
  triangularSolve,
  cholesky,
  map,
  segmentMap,
} as const;

/** The instruction that a record is of. */
export type InstructionOf<R> = R extends InstructionRecord<infer I> ? I : never;

/** One step of a program, over all rows of its space; in the loop region, over those of the current level. */
export type Instruction = InstructionOf<(typeof instructions)[keyof typeof instructions]>;

/**
 * The record of an instruction: all that the system knows of its kind.
 * @example
 * const out: View = { buffer: 1, offset: 0, rows: "fixed" };
 * const a: View = { buffer: 0, offset: 0, rows: "same" };
 * const sums: Instruction = { kind: "sumRows", space: "row", out, a, columns: 2, accumulate: false };
 * recordOf(sums).flops(sums); // 2 per row
 */
export function recordOf(instruction: Instruction): InstructionRecord<Instruction> {
  return instructions[instruction.kind] as unknown as InstructionRecord<Instruction>;
}
