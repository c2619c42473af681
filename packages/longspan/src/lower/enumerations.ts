import {
  type BinaryCode,
  type BinaryRow,
  binaryCodes,
  levelledSpaces,
  reduceCodes,
  spaceNames,
  type UnaryCode,
  type UnaryRow,
  unaryCodes,
} from "../program/index.js";
import { instructions } from "../program/instructions/index.js";

const joined = {
  takes: "floats",
  result: "same",
  cost: 1,
  double: "kernels",
  found: "vectors",
  ulp: 1.5,
} as const;

/** Functions of one number that only the kernels have. They are parts of derivatives, and take one pass over memory instead of two. */
export const fusedUnary = {
  oneMinus: { ...joined, of: (x: number) => 1 - x },
  oneMinusSquare: { ...joined, of: (x: number) => 1 - x * x },
  selfTimesOneMinus: { ...joined, of: (x: number) => x * (1 - x) },
} as const satisfies Record<string, UnaryRow>;

/** a times the slope of the function of which b is the value: a b (1 - b), a (1 - b^2). */
export const fusedBinary = {
  timesSigmoidSlope: { ...joined, of: (a: number, b: number) => a * (b * (1 - b)) },
  timesTanhSlope: { ...joined, of: (a: number, b: number) => a * (1 - b * b) },
} as const satisfies Record<string, BinaryRow>;

/** Codes of one operand that the kernels have. */
export type KernelUnary = UnaryCode | keyof typeof fusedUnary;

/** Codes of two operands that the kernels have. */
export type KernelBinary = BinaryCode | keyof typeof fusedBinary;

/** All codes of one operand that the kernels have. */
export const kernelUnary: Readonly<Record<KernelUnary, UnaryRow>> = { ...unaryCodes, ...fusedUnary };

/** All codes of two operands that the kernels have. */
export const kernelBinary: Readonly<Record<KernelBinary, BinaryRow>> = { ...binaryCodes, ...fusedBinary };

export { levelledSpaces };

/** The number that every encoded program begins with. */
export const magic = 0x4c535031;

/**
 * The names of each enumeration. Encoded programs hold the index of a name in its list. kernels/generate.mjs writes the same
 * enumerations for C++.
 */
export const enumerations = {
  DType: ["float32", "float64", "int32"],
  Space: spaceNames,
  Role: ["input", "output", "temporary", "level"],
  Kind: Object.keys(instructions),
  OpKind: [
    "copy",
    "unary",
    "binary",
    "select",
    "move",
    "insert",
    "iota",
    "reduce",
    "uniform",
    "mulAdd",
    "ofSum",
    "ofSumOfTwo",
    "scale",
    "dot",
    "addUp",
    "addScaled",
    "nest",
    "spreadLines",
    "sumLines",
    "dotLines",
    "addLines",
    "dotAll",
    "scaleLines",
    "mulAddLines",
    "addScaledLines",
  ],
  Unary: Object.keys(kernelUnary) as KernelUnary[],
  Binary: Object.keys(kernelBinary) as KernelBinary[],
  Reduce: Object.keys(reduceCodes),
  Storage: ["scratch", "view", "constant", "sum", "block"],
} as const;

const kernels = Object.values(instructions).flatMap(({ kernel }) => kernel ?? []);

/** The numbers that instructions are encoded with: every name that some instruction has, once. */
export const instructionFields = {
  sizes: [...new Set<string>(kernels.flatMap((k) => k.sizes))],
  flags: [...new Set<string>(kernels.flatMap((k) => k.flags))],
};

/** The number of a name in one of the enumerations. */
export function numberOf(name: string, of: keyof typeof enumerations): number {
  return (enumerations[of] as readonly string[]).indexOf(name);
}
