import { erf } from "./erf.js";

/**
 * The scalar functions of maps, one row each: everything else that knows of a code follows from these tables. The
 * reference executor computes with `of`, the enumerations and dispatch of the kernels are generated from the names
 * (kernels/generate.mjs), and tests hold every executor to the stated accuracy.
 */

/** Which element types a code takes. */
export type Takes = "any" | "floats";

/** What is known of a function of one number. */
export interface UnaryRow {
  /** The meaning, in double precision. */
  readonly of: (x: number) => number;
  readonly takes: Takes;
  /** The result's type: the operand's, or whatever the result's register has. */
  readonly result: "same" | "any";
  /** Work per element, in additions. */
  readonly cost: number;
  /**
   * Where the kernels find it in double precision: `host`, a function of that name in C's maths library (in WebAssembly,
   * `of` itself); `kernels`, a function of that name in kernels/scalar.h.
   */
  readonly double: "host" | "kernels";
  /** Largest error in float32, in units in the last place of the exact result: on all executors, for every operand. */
  readonly ulp: number;
}

/** What is known of a function of two numbers. */
export interface BinaryRow {
  /** The meaning, in double precision. */
  readonly of: (a: number, b: number) => number;
  readonly takes: Takes;
  /** The result's type: that of both operands, or int32. */
  readonly result: "same" | "int32";
  /** Work per element, in additions. */
  readonly cost: number;
  /**
   * Where the kernels find it: `vectors`, an operation on vectors in kernels/map.h; `host`, a function of that name in C's maths
   * library, in double precision (in WebAssembly, `of` itself).
   */
  readonly found: "vectors" | "host";
  /**
   * Largest error in float32 (and in float64), in units in the last place of the exact result: on all executors, for every
   * pair of operands. Which zero `max` and `min` give of two of opposite signs is open.
   */
  readonly ulp: number;
}

/** What is known of a function of the elements of some axes. */
export interface ReduceRow {
  /** The meaning, in double precision, of the first `n` numbers of a list in row-major order. */
  readonly of: (list: Float64Array, n: number) => number;
  /** The result's type: the operand's, or int32. */
  readonly result: "same" | "int32";
}

const arithmetic = { takes: "any", result: "same", cost: 1, double: "kernels", ulp: 0 } as const;
const elementary = { takes: "floats", result: "same", cost: 10, double: "host", ulp: 0.51 } as const;

const unaryRows = {
  neg: { ...arithmetic, of: (x: number) => -x },
  exp: { ...elementary, of: Math.exp, ulp: 1.5 },
  expm1: { ...elementary, of: Math.expm1 },
  log: { ...elementary, of: Math.log, ulp: 1 },
  log1p: { ...elementary, of: Math.log1p },
  tanh: { ...elementary, of: Math.tanh, ulp: 2.5 },
  sigmoid: { ...elementary, of: (x: number) => 1 / (1 + Math.exp(-x)), double: "kernels", ulp: 2.5 },
  sqrt: { ...elementary, of: Math.sqrt, cost: 5, double: "kernels" },
  sin: { ...elementary, of: Math.sin },
  cos: { ...elementary, of: Math.cos },
  erf: { ...elementary, of: erf },
  abs: { ...arithmetic, of: Math.abs },
  sign: { ...arithmetic, of: Math.sign },
  cast: { ...arithmetic, of: (x: number) => x, result: "any" },
} as const satisfies Record<string, UnaryRow>;

/** Functions of one register, element by element. `cast` converts to the type of the result's register. */
export type UnaryCode = keyof typeof unaryRows;

/** The row of each code, in the order of their numbers. */
export const unaryCodes: Readonly<Record<UnaryCode, UnaryRow>> = unaryRows;

const rounded = { takes: "any", result: "same", cost: 1, found: "vectors", ulp: 0.51 } as const;
const comparison = { takes: "any", result: "int32", cost: 1, found: "vectors", ulp: 0 } as const;

const binaryRows = {
  add: { ...rounded, of: (a: number, b: number) => a + b },
  sub: { ...rounded, of: (a: number, b: number) => a - b },
  mul: { ...rounded, of: (a: number, b: number) => a * b },
  div: { ...rounded, of: (a: number, b: number) => a / b },
  max: { ...rounded, of: (a: number, b: number) => Math.max(a, b), ulp: 0 },
  min: { ...rounded, of: (a: number, b: number) => Math.min(a, b), ulp: 0 },
  pow: { takes: "floats", result: "same", cost: 20, found: "host", of: power, ulp: 1 },
  less: { ...comparison, of: (a: number, b: number) => (a < b ? 1 : 0) },
  lessEqual: { ...comparison, of: (a: number, b: number) => (a <= b ? 1 : 0) },
  equal: { ...comparison, of: (a: number, b: number) => (a === b ? 1 : 0) },
} as const satisfies Record<string, BinaryRow>;

/** As IEEE 754 has it: 1 to any power is 1, even NaN, and so is -1 to an infinite one. JavaScript says NaN. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;
}

/** Functions of two registers of one shape, element by element; comparisons give 1 or 0. */
export type BinaryCode = keyof typeof binaryRows;

/** The row of each code, in the order of their numbers. */
export const binaryCodes: Readonly<Record<BinaryCode, BinaryRow>> = binaryRows;

const reduceRows = {
  sum: {
    of(list: Float64Array, n: number) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += list[i]!;
      return sum;
    },
    result: "same",
  },
  max: {
    of(list: Float64Array, n: number) {
      let best = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < n; i++) best = Math.max(best, list[i]!);
      return best;
    },
    result: "same",
  },
  argmax: {
    of(list: Float64Array, n: number) {
      let best = Number.NEGATIVE_INFINITY;
      let first = 0;
      for (let i = 0; i < n; i++) {
        if (!(list[i]! > best)) continue;
        best = list[i]!;
        first = i;
      }
      return first;
    },
    result: "int32",
  },
} as const satisfies Record<string, ReduceRow>;

/** Functions of the elements of some axes. `argmax` takes the first of equal maxima. */
export type ReduceCode = keyof typeof reduceRows;

/** The row of each code, in the order of their numbers. */
export const reduceCodes: Readonly<Record<ReduceCode, ReduceRow>> = reduceRows;
