import type { MapOp, TileProgram } from "../program/index.js";
import type { Dimension } from "./flat-map.js";

/** Where the moved elements lie in their source (in the result, for pad): from `base` on, at strides. */
export interface Movement {
  readonly base: number;
  readonly dims: readonly Dimension[];
}

/** A movement as strides into its source (into its result, for pad). */
export function movement(
  map: TileProgram,
  op: MapOp & { op: "expand" | "permute" | "slice" | "pad" },
): Movement {
  const shapeOf = (r: number) => map.registers[r]!.shape;
  const out = shapeOf(op.out);
  switch (op.op) {
    case "expand": {
      const from = shapeOf(op.a);
      const lead = out.length - from.length;
      const strides = rowMajor(from);
      return {
        base: 0,
        dims: merged(out.map((n, d) => [n, d < lead || from[d - lead] === 1 ? 0 : strides[d - lead]!])),
      };
    }
    case "permute": {
      const strides = rowMajor(shapeOf(op.a));
      return { base: 0, dims: merged(op.axes.map((axis, d) => [out[d]!, strides[axis]!])) };
    }
    case "slice": {
      const strides = rowMajor(shapeOf(op.a));
      return { base: dot(op.starts, strides), dims: merged(out.map((n, d) => [n, strides[d]!])) };
    }
    case "pad": {
      const strides = rowMajor(out);
      return { base: dot(op.starts, strides), dims: merged(shapeOf(op.a).map((n, d) => [n, strides[d]!])) };
    }
  }
}

/** Joins dimensions that are contiguous. Fewer and longer dimensions are faster. */
export function merged(dims: readonly Dimension[]): Dimension[] {
  const result: Dimension[] = [];
  for (const [extent, stride] of dims) {
    if (extent === 1) continue;
    const last = result.at(-1);
    if (last && last[1] === extent * stride) result[result.length - 1] = [last[0] * extent, stride];
    else result.push([extent, stride]);
  }
  return result;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((p, x, i) => p + x * b[i]!, 0);
}

/** The number of elements of a shape. */
export function product(shape: readonly number[]): number {
  return shape.reduce((p, n) => p * n, 1);
}

/** Strides of a row-major shape. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}
