import type { DType, ReduceCode, View } from "../program/index.js";
import type { KernelBinary, KernelUnary } from "./enumerations.js";

/** A pair of extent and stride. */
export type Dimension = readonly [extent: number, stride: number];

/** An operation on flat values. Values have sizes instead of shapes, and movements have strides. */
export type FlatOp =
  | { readonly op: "load"; readonly out: number; readonly view: View }
  | { readonly op: "store"; readonly a: number; readonly view: View }
  | { readonly op: "constant"; readonly out: number; readonly value: number }
  | { readonly op: "unary"; readonly code: KernelUnary; readonly out: number; readonly a: number }
  | {
      readonly op: "binary";
      readonly code: KernelBinary;
      readonly out: number;
      readonly a: number;
      readonly b: number;
    }
  /** out = a != 0 ? b : c. */
  | {
      readonly op: "select";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
    }
  /** out = a b + c. */
  | {
      readonly op: "mulAdd";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
    }
  /** out = f(a + b + c), in float32: a gate. */
  | {
      readonly op: "ofSum";
      readonly code: "sigmoid" | "tanh";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
    }
  /** out = f(a + b), in float32. */
  | {
      readonly op: "ofSumOfTwo";
      readonly code: "sigmoid" | "tanh";
      readonly out: number;
      readonly a: number;
      readonly b: number;
    }
  /** out = a times the one number b. */
  | { readonly op: "scale"; readonly out: number; readonly a: number; readonly b: number }
  /** out, one number = the sum of a b. */
  | { readonly op: "dot"; readonly out: number; readonly a: number; readonly b: number }
  /** Of a map over lists: the view, summed over the rows of a list, += a. */
  | { readonly op: "addUp"; readonly a: number; readonly view: View }
  /** Of a map over lists: the view += a times the one number b. */
  | { readonly op: "addScaled"; readonly a: number; readonly b: number; readonly view: View }
  /** out, row-major = a at strides. */
  | {
      readonly op: "move";
      readonly out: number;
      readonly a: number;
      readonly base: number;
      readonly dims: readonly Dimension[];
    }
  /** out at strides = a, row-major; the rest of out is zero, or as it was. Several may write one value. */
  | {
      readonly op: "insert";
      readonly out: number;
      readonly a: number;
      readonly base: number;
      readonly dims: readonly Dimension[];
      readonly clear: boolean;
    }
  /** out[q] = floor(q / inner) mod extent. */
  | { readonly op: "iota"; readonly out: number; readonly inner: number; readonly extent: number }
  | {
      readonly op: "reduce";
      readonly code: ReduceCode;
      readonly out: number;
      readonly a: number;
      readonly kept: readonly Dimension[];
      readonly reduced: readonly Dimension[];
    }
  | {
      readonly op: "uniform";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
      readonly site: number;
    }
  | Nest;

/**
 * Operations on matrices [lines, columns] of each row, run over a few lines at a time. `outs`: what is read outside. Other results exist
 * for those lines only.
 */
export interface Nest {
  readonly op: "nest";
  readonly lines: number;
  readonly columns: number;
  readonly body: readonly NestedOp[];
  readonly outs: readonly number[];
}

/**
 * An operation of a nest. Dimensions are those of the lines, then that of a line. What goes line by line takes one line [columns] in place of
 * a matrix whose lines are all alike.
 */
export type NestedOp =
  | Extract<
      FlatOp,
      {
        readonly op: "constant" | "unary" | "binary" | "select" | "mulAdd" | "ofSum" | "ofSumOfTwo" | "scale";
      }
    >
  /** out = a at strides; the last is 0 or 1. */
  | {
      readonly op: "spreadLines";
      readonly out: number;
      readonly a: number;
      readonly base: number;
      readonly dims: readonly Dimension[];
    }
  /** out = each line of a times its number in b [lines]. */
  | { readonly op: "scaleLines"; readonly out: number; readonly a: number; readonly b: number }
  /** out = each line of a times its number in b [lines], plus c. */
  | {
      readonly op: "mulAddLines";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
    }
  /** out [lines] = the sum of each line. */
  | { readonly op: "sumLines"; readonly out: number; readonly a: number }
  /** out [lines] = the sum of a b along each line. */
  | { readonly op: "dotLines"; readonly out: number; readonly a: number; readonly b: number }
  /** out at strides += a, from zero on: a sum over lines. */
  | {
      readonly op: "addLines";
      readonly out: number;
      readonly a: number;
      readonly dims: readonly Dimension[];
    }
  /** out [columns] = the sum of the lines of a, each times its number in b [lines]. */
  | { readonly op: "addScaledLines"; readonly out: number; readonly a: number; readonly b: number }
  /** out, one number = the sum of a b over all. */
  | { readonly op: "dotAll"; readonly out: number; readonly a: number; readonly b: number };

/** Whether an operation writes to a buffer and makes no value. */
export function isWrite(op: FlatOp): op is Extract<FlatOp, { readonly view: View; readonly a: number }> {
  return op.op === "store" || op.op === "addUp" || op.op === "addScaled";
}

/** Flat values of a map: how many elements of which type per row. */
export interface FlatValue {
  readonly size: number;
  readonly dtype: DType;
}

export interface FlatMap {
  readonly values: FlatValue[];
  readonly code: FlatOp[];
}

/** Whether the result of an operation of a nest is a sum, and not a matrix. */
export function isSum(op: NestedOp): boolean {
  return ["dotAll", "addLines", "addScaledLines", "sumLines", "dotLines"].includes(op.op);
}

/** The values that an operation makes. */
export function resultsOf(op: FlatOp): readonly number[] {
  if (op.op === "nest") return op.outs;
  return isWrite(op) ? [] : [op.out];
}

/** The fields of an operation that name values which it reads, in their order. */
export const operandFields = ["a", "b", "c"] as const;

/** The values that an operation reads. */
export function operandsOf(op: FlatOp | NestedOp): number[] {
  if (op.op === "nest") {
    const inside = new Set(op.body.map(({ out }) => out));
    return [...new Set(op.body.flatMap(operandsOf))].filter((v) => !inside.has(v));
  }
  const fields = op as Readonly<Record<string, unknown>>;
  return operandFields.flatMap((field) => (field in op ? [fields[field] as number] : []));
}
