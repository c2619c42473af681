import type { Tensor } from "../tensor/index.js";

/** Element types of tensors. */
export type DType = Tensor["dtype"];

/** An element type of the format that can be read. */
export interface ElementType {
  /** The format's name for it. */
  readonly name: string;
  /** The type of the tensor that it is read into. */
  readonly dtype: DType;
  /** Bytes per element in a file. */
  readonly bytes: number;
}

/** The types that tensors have, in the order in which the format lays data out: widest first. */
export const writtenTypes: readonly ElementType[] = [
  { name: "F64", dtype: "float64", bytes: 8 },
  { name: "F32", dtype: "float32", bytes: 4 },
  { name: "I32", dtype: "int32", bytes: 4 },
];

/** All that can be read: the types that tensors have, and halves, each of which is a float32 too. */
export const readTypes: readonly ElementType[] = [
  ...writtenTypes,
  { name: "F16", dtype: "float32", bytes: 2 },
  { name: "BF16", dtype: "float32", bytes: 2 },
];

/** Element types of the format for which there is no tensor here. */
export const otherTypes: readonly string[] =
  "BOOL U8 I8 U16 I16 U32 U64 I64 C64 F4 F6_E2M3 F6_E3M2 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ".split(
    " ",
  );
