import { describe } from "../check/index.js";

/** Sizes of the axes, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** A shape that an operation cannot accept; the message says what was given and what was expected. */
export class ShapeError extends Error {
  override name = "ShapeError";
}

/**
 * Number of elements.
 * @example sizeOf([2, 3, 4]) // 24
 */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const s of shape) n *= s;
  return n;
}

/**
 * Whether two shapes have the same sizes.
 * @example sameShape([2, 3], [2, 3]) // true
 */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/**
 * `[3, 4]`
 * @example formatShape([3, 4]) // "[3, 4]"
 */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/**
 * The broadcasting rule, stated once: shapes are aligned at their last axes; an axis that is missing or of size 1 is
 * repeated to the other's size; any other difference is an error.
 * @throws ShapeError naming both shapes and `what`.
 * @example broadcastShapes([2, 3, 1], [4], "add") // [ 2, 3, 4 ]
 */
export function broadcastShapes(a: Shape, b: Shape, what: string): Shape {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let d = 0; d < rank; d++) {
    const m = a[a.length - rank + d] ?? 1;
    const n = b[b.length - rank + d] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new ShapeError(
        `${what}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast (axis ${d - rank} has ${m} and ${n}; sizes must be equal or 1)`,
      );
    out.push(m === 1 ? n : m);
  }
  return out;
}

/**
 * Turns a possibly negative axis into 0..rank-1.
 * @example axisOf(-1, 3, "sum") // 2
 */
export function axisOf(axis: number, rank: number, what: string): number {
  const a = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || a < 0 || a >= rank)
    throw new ShapeError(
      `${what}: axis ${describe(axis)} of a value with ${rank} axes${rank > 0 ? `; an axis is an integer from ${-rank} to ${rank - 1}` : ""}`,
    );
  return a;
}
