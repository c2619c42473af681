import type { Tensor } from "../tensor/index.js";

/** Element types of tensors. */
export type DType = Tensor["dtype"];

/** An element type of the format. */
export interface ElementType {
  /** The format's name for it. */
  readonly name: string;
  /** Bits per element in a file. */
  readonly bits: number;
  /** The type of the tensor that it is read into; null where there is none here. */
  readonly dtype: DType | null;
}

/** The types that tensors have, in the order in which the format lays data out: widest first. */
export const writtenTypes: readonly (ElementType & { readonly dtype: DType })[] = [
  { name: "F64", bits: 64, dtype: "float64" },
  { name: "F32", bits: 32, dtype: "float32" },
  { name: "I32", bits: 32, dtype: "int32" },
];

const [f64, f32, i32] = writtenTypes as [ElementType, ElementType, ElementType];

/** All that can be read: halves, each of which is a float32 too, and integers as far as int32 holds them. */
export const readTypes: readonly ElementType[] = [
  f64,
  f32,
  { name: "F16", bits: 16, dtype: "float32" },
  { name: "BF16", bits: 16, dtype: "float32" },
  { name: "I64", bits: 64, dtype: "int32" },
  { name: "U64", bits: 64, dtype: "int32" },
  i32,
  { name: "U32", bits: 32, dtype: "int32" },
  { name: "I16", bits: 16, dtype: "int32" },
  { name: "U16", bits: 16, dtype: "int32" },
  { name: "I8", bits: 8, dtype: "int32" },
  { name: "U8", bits: 8, dtype: "int32" },
  { name: "BOOL", bits: 8, dtype: "int32" },
];

/** Element types of the format for which there is no tensor here. */
export const otherTypes: readonly ElementType[] = [
  { name: "C64", bits: 64, dtype: null },
  { name: "F8_E5M2", bits: 8, dtype: null },
  { name: "F8_E4M3", bits: 8, dtype: null },
  { name: "F8_E8M0", bits: 8, dtype: null },
  { name: "F8_E4M3FNUZ", bits: 8, dtype: null },
  { name: "F8_E5M2FNUZ", bits: 8, dtype: null },
  { name: "F6_E2M3", bits: 6, dtype: null },
  { name: "F6_E3M2", bits: 6, dtype: null },
  { name: "F4", bits: 4, dtype: null },
];

/** Names in a sentence that leaves the choice. */
export function eitherOf(types: readonly ElementType[]): string {
  const names = types.map((t) => t.name);
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
