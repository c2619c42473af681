import { check, count } from "../check/index.js";
import type { DType } from "../program/index.js";
import type { Tensor, Value } from "../tensor/index.js";
import { dtypeKind } from "../tensor/kinds.js";
import { apply } from "./apply.js";
import { cast, equal } from "./arithmetic.js";
import { iotaOp } from "./constant.js";
import { checkValue } from "./kinds.js";
import { broadcastToOp, reshapeOp } from "./shape-ops.js";

/**
 * Unit vectors: y[..., j] = 1 where j is the index, else 0. An index outside of 0..size-1 gives zeros. Nothing is differentiated. To take
 * rows of a table by number, `gather` is faster than a product with these.
 * @param index int32, any shape
 * @param size how many numbers there are: the last axis of the result
 * @param dtype float32 by default; in a cell, that of its values
 * @throws TypeError if the index is not int32 or the size no whole number
 * @example
 * oneHot(tensor([2, 0], "int32"), 3) // [[0, 0, 1], [1, 0, 0]]
 * oneHot(tensor(1, "int32"), 3, "int32") // [0, 1, 0], int32
 */
export function oneHot(index: Tensor, size: number, dtype?: DType): Tensor;
export function oneHot(index: Value, size: number, dtype?: DType): Value;
export function oneHot(index: Value, size: number, dtype: DType = "float32"): Value {
  checkValue("oneHot", "index", index);
  check("oneHot", "size", size, count);
  check("oneHot", "dtype", dtype, dtypeKind);
  if (index.dtype !== "int32")
    throw new TypeError(`oneHot: the index is ${index.dtype}, expected int32; use cast()`);
  const shape = [...index.shape, size];
  const columns = apply(reshapeOp, { shape: [...index.shape, 1] }, index);
  const numbers = apply(iotaOp, { shape, axis: index.rank });
  return cast(equal(apply(broadcastToOp, { shape }, columns), numbers), dtype);
}
