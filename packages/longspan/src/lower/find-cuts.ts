import type { MapOp, TileProgram } from "../program/index.js";
import { product, rowMajor } from "./movements.js";

/** Where registers are cut into pieces, so that each slice begins and ends between two pieces, and so does each part of a join. */
export function findCuts(map: TileProgram): Set<number>[] {
  const sizes = sizesOf(map);
  const cuts = sizes.map(() => new Set<number>());
  /** Element p of `a` is element p + shift of `b`, for p in 0..length. */
  const relations: { a: number; b: number; shift: number; length: number }[] = [];
  const alike = (a: number, b: number) => relations.push({ a, b, shift: 0, length: sizes[a]! });
  const cut = (r: number, p: number) => {
    if (p > 0 && p < sizes[r]!) cuts[r]!.add(p);
  };
  for (const op of map.code) {
    if (op.op === "unary" || op.op === "reshape") alike(op.out, op.a);
    else if (op.op === "permute" && keepsOrder(map, op)) alike(op.out, op.a);
    else if (op.op === "expand" && sizes[op.out] === sizes[op.a]) alike(op.out, op.a);
    else if (op.op === "binary") {
      alike(op.out, op.a);
      alike(op.out, op.b);
    } else if (op.op === "select") {
      alike(op.out, op.condition);
      alike(op.out, op.a);
      alike(op.out, op.b);
    } else if (op.op === "slice") {
      const at = contiguousStart(map, op);
      if (at === null) continue;
      cut(op.a, at);
      cut(op.a, at + sizes[op.out]!);
      relations.push({ a: op.out, b: op.a, shift: at, length: sizes[op.out]! });
    } else if (op.op === "concat" && isJoined(map, op)) {
      let at = 0;
      for (const input of op.inputs) {
        cut(op.out, at);
        relations.push({ a: input, b: op.out, shift: at, length: sizes[input]! });
        at += sizes[input]!;
      }
    }
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const { a, b, shift, length } of relations) {
      const before = cuts[a]!.size + cuts[b]!.size;
      for (const p of cuts[a]!) cut(b, p + shift);
      for (const p of cuts[b]!) if (p - shift > 0 && p - shift < length) cut(a, p - shift);
      if (cuts[a]!.size + cuts[b]!.size !== before) changed = true;
    }
  }
  return cuts;
}

/** Elements of each register, per row. */
export function sizesOf(map: TileProgram): number[] {
  return map.registers.map((r) => product(r.shape));
}

/** The first element of a slice in its source, if the elements are contiguous there; else null. */
export function contiguousStart(map: TileProgram, op: MapOp & { op: "slice" }): number | null {
  const from = map.registers[op.a]!.shape;
  const to = map.registers[op.out]!.shape;
  const strides = rowMajor(from);
  let d = to.length - 1;
  while (d >= 0 && to[d] === from[d]) d--;
  for (let k = 0; k < d; k++) if (to[k] !== 1) return null;
  if (product(to) === 0) return null;
  return op.starts.reduce((p, s, k) => p + s * strides[k]!, 0);
}

/** Whether each input of a concatenation is contiguous in the result. */
export function isJoined(map: TileProgram, op: MapOp & { op: "concat" }): boolean {
  return product(map.registers[op.out]!.shape.slice(0, op.axis)) === 1;
}

/** Whether only axes of extent 1 are moved. */
export function keepsOrder(map: TileProgram, op: MapOp & { op: "permute" }): boolean {
  const { shape } = map.registers[op.a]!;
  const moved = op.axes.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > moved[i - 1]!);
}
