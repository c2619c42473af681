import { type ElementType, readTypes } from "../element-types.js";

/** PyTorch's element types: the class of a storage, the dtype, and the format's name of it here. */
const types = [
  ["FloatStorage", "float32", "F32"],
  ["DoubleStorage", "float64", "F64"],
  ["HalfStorage", "float16", "F16"],
  ["BFloat16Storage", "bfloat16", "BF16"],
  ["LongStorage", "int64", "I64"],
  ["IntStorage", "int32", "I32"],
  ["ShortStorage", "int16", "I16"],
  ["CharStorage", "int8", "I8"],
  ["ByteStorage", "uint8", "U8"],
  ["BoolStorage", "bool", "BOOL"],
  // Since PyTorch 2.3, without a storage of their own.
  ["UntypedStorage", "uint16", "U16"],
  ["UntypedStorage", "uint32", "U32"],
  ["UntypedStorage", "uint64", "U64"],
] as const;

/** The element type of a storage's class, `torch.FloatStorage`, or of a dtype, `torch.float32`; undefined for others. */
export function typeOfStorage(name: string): ElementType | undefined {
  const row = types.find(
    ([storage, dtype]) =>
      (name === `torch.${storage}` && storage !== "UntypedStorage") || name === `torch.${dtype}`,
  );
  return row && readTypes.find((type) => type.name === row[2]);
}

/** The class of the storage for tensors of a type here. */
export function storageOf(dtype: "float32" | "float64" | "int32"): string {
  return types.find(([, name]) => name === dtype)![0];
}
