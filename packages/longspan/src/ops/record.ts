import type {
  BinaryCode,
  DType,
  Instruction,
  MapOp,
  Register,
  Scope,
  Space,
  UnaryCode,
  View,
} from "../program/index.js";
import type { Shape, Tensor, Value } from "../tensor/index.js";
import type { Owners } from "./owners.js";

/** What is known of a value before it has data. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Settings of an op that are fixed when it is applied: plain data, part of every cache key. */
// biome-ignore lint/suspicious/noExplicitAny: each record narrows its own attributes.
export type Attrs = any;

/** A tangent or cotangent; `undefined` is a zero that is known to be one. */
export type Linear = Value | undefined;

/**
 * Everything the system knows of one primitive, side by side. A primitive works on the features of one node; how it
 * acts on many rows follows from `lowering`.
 */
export interface Op<A = Attrs> {
  readonly name: string;
  /** Shape rule: the results' shapes and types. @throws ShapeError | TypeError on operands that do not fit. */
  infer(attrs: A, inputs: readonly Aval[]): readonly Aval[];
  /** Tangents of the results from tangents of the inputs (forward mode). Built of ops, so it can be differentiated again. */
  jvp(call: Applied<A>, tangents: readonly Linear[]): readonly Linear[];
  /**
   * For an op that is linear in the inputs marked in `call.linear` (others held fixed): cotangents of those inputs
   * from cotangents of the results. Absent where the op is linear in nothing.
   */
  transpose?(call: LinearCall<A>, cotangents: readonly Linear[]): readonly Linear[];
  readonly lowering: Lowering<A>;
  /**
   * For an op that moves rows of axis 0: which example each row of the result belongs to, from those of the operands' rows
   * (`undefined` for an operand that all examples share). Null where a row would belong to several.
   */
  readonly owners?: (
    call: Pick<LinearCall<A>, "attrs" | "inputs" | "outputs">,
    owners: readonly (Owners | undefined)[],
  ) => Owners | null;
  /** Inside a cell: the rows that share the result, where that is not settled by the operands. */
  readonly resultScope?: (attrs: A) => Scope;
  /** Cheaper to compute again in the backward pass than to store. */
  readonly cheap?: boolean;
  /** Operands on which the derivative rules are tested. Ranges keep clear of kinks and poles. */
  readonly samples: readonly Sample<A>[];
}

/** An op with its operands and results. */
export interface Applied<A> {
  readonly attrs: A;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** An application to be transposed. Linear inputs are known by shape only. */
export interface LinearCall<A> {
  readonly attrs: A;
  readonly inputs: readonly Value[];
  readonly linear: readonly boolean[];
  readonly outputs: readonly Aval[];
}

/** An application of an op that its tests try: attributes, and operands to be drawn. */
export interface Sample<A = Attrs> {
  readonly attrs: A;
  readonly inputs: readonly SampleInput[];
}

/** An operand of a sample: its shape and what its elements are drawn from. */
export interface SampleInput {
  readonly shape: Shape;
  /** Float by default. Integers are drawn from 0..below-1 and are not differentiated. */
  readonly below?: number;
  /** Uniform range of the elements; [-1.5, 1.5] by default. */
  readonly range?: readonly [number, number];
  /** Added to the diagonal of matrices, whose lower triangle becomes that of a positive definite one. */
  readonly diagonal?: number;
}

/**
 * How an op runs. `alias`: the same elements under another shape. `map`: row-local, becomes part of a fused map.
 * `instruction`: an instruction of its own. `sum`: rows that belong to one become one. `run`: not part of cell programs.
 */
export type Lowering<A> =
  | { readonly kind: "alias" }
  | (OnTensors<A> & {
      readonly kind: "map";
      /** Adds the op's steps to a tile program; takes and gives register numbers. */
      readonly emit: (attrs: A, inputs: readonly number[], out: Aval, map: MapEmitter) => number;
      /** Works element by element on operands of one shape (or scalars). */
      readonly elementwise?: boolean;
      /** Takes each element from one of its operands: what is in the others stays out, finite or not. */
      readonly chooses?: boolean;
      readonly summed?: Summed<A>;
      /** Where the result is a run of the operand's elements: its first one. Outside of cells no data move then. */
      readonly viewAt?: (attrs: A, input: Aval) => number | null;
    })
  | (OnTensors<A> & {
      readonly kind: "instruction";
      readonly build: BuildInstruction<A>;
      readonly accumulates: boolean;
      readonly summed?: Summed<A>;
    })
  | {
      readonly kind: "sum";
      /** What becomes of the rows that belong to one: added up, the largest, its place, the one that an index picks. */
      readonly code: "sum" | "max" | "argmax" | "pick";
    }
  | {
      readonly kind: "run";
      /** Computes the results at once. */
      readonly run: (attrs: A, inputs: readonly Tensor[]) => readonly Tensor[];
    };

/**
 * How an op treats the leading axis of whole tensors, outside of cells. A program over rows serves any number of them;
 * an op that has neither runs as one row, and there is one program per shape.
 */
export interface OnTensors<A> {
  /** Acts along axis 0 row by row: which operands have rows, and the attributes and the other operands' shapes without that axis. */
  readonly byRows?: (
    attrs: A,
    inputs: readonly Aval[],
    out: Aval,
  ) => { readonly attrs: A; readonly rows: readonly boolean[]; readonly shapes?: readonly Shape[] } | null;
  /** Sums over axis 0 of the marked operands: the instruction that does so. */
  readonly whole?: (
    attrs: A,
    inputs: readonly Aval[],
  ) => { readonly rows: readonly boolean[]; readonly build: BuildInstruction<A> } | null;
}

/** Makes the instruction of one application over the rows of `space`; `accumulate` adds to what `out` holds. */
export type BuildInstruction<A> = (
  attrs: A,
  inputs: readonly BufferOperand[],
  out: BufferOperand,
  space: Space,
  accumulate: boolean,
) => Instruction;

/** Forms the sum over rows of the op's result without forming the result. */
export type Summed<A> = (
  attrs: A,
  inputs: readonly BufferOperand[],
  out: BufferOperand,
  space: Space,
  accumulate: boolean,
) => Instruction;

/** An operand in a buffer of a program. */
export interface BufferOperand extends Aval {
  readonly view: View;
}

/** Builds the tile program of a map. */
export interface MapEmitter {
  /** Declares a register; returns its number. */
  register(aval: Register): number;
  /** The shape that a register was declared with. */
  shape(register: number): Shape;
  /** The type that a register was declared with. */
  dtype(register: number): DType;
  /** Adds a step. Its registers must be declared, its result not yet written. */
  push(op: MapOp): void;
  /** A function of register `a` in a new register of type `dtype`; returns that register. */
  unary(code: UnaryCode, a: number, dtype: DType): number;
  /** A function of two registers, the lower-ranked broadcast to the other, in a new register of type `dtype`. */
  binary(code: BinaryCode, a: number, b: number, dtype: DType): number;
  /** A new register filled with one number. */
  constant(value: number, aval: Aval): number;
  /** Broadcasts a register if its shape differs. */
  expand(a: number, shape: Shape): number;
}
