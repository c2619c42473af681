import type { DType } from "../program/index.js";
import { type Shape, sizeOf } from "./shape.js";

/** So many elements are shown. */
export const mostShown = 32;

/**
 * The first elements of a tensor in nested lists, such as `[[1, 2], [3, 4]]`; where some are left out stand three dots.
 * @param first as many elements as are shown: all, or `mostShown`
 */
export function showElements(first: ArrayLike<number>, shape: Shape, dtype: DType): string {
  if (sizeOf(shape) === 0) return "[]";
  const list = (axis: number, from: number): string => {
    if (axis === shape.length) return showNumber(first[from]!, dtype);
    const step = sizeOf(shape.slice(axis + 1));
    const parts: string[] = [];
    for (let i = 0; i < shape[axis]! && from + i * step < first.length; i++)
      parts.push(list(axis + 1, from + i * step));
    if (parts.length < shape[axis]!) parts.push("...");
    return `[${parts.join(", ")}]`;
  };
  return list(0, 0);
}

/** The shortest decimal that is rounded to the number: 0.1, where the float32 next to 0.1 is 0.10000000149011612. */
function showNumber(x: number, dtype: DType): string {
  if (Object.is(x, -0)) return "-0";
  if (dtype !== "float32" || !Number.isFinite(x)) return String(x);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return String(short);
  }
  return String(Number(x.toPrecision(9)));
}
