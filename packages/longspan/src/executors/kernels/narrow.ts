import type { DType, MapInstruction, MapOp, ReduceCode, View } from "../../program/index.js";
import type { KernelBinary, KernelUnary } from "./numbers.js";

/** A pair of extent and stride. */
export type Dimension = readonly [extent: number, stride: number];

/** An operation on flat values: shapes are gone, movements are strides. */
export type FlatOp =
  | { readonly op: "load"; readonly out: number; readonly view: View }
  | { readonly op: "store"; readonly a: number; readonly view: View }
  | { readonly op: "constant"; readonly out: number; readonly value: number }
  | { readonly op: "unary"; readonly code: KernelUnary; readonly out: number; readonly a: number }
  | {
      readonly op: "binary";
      readonly code: KernelBinary;
      readonly out: number;
      readonly a: number;
      readonly b: number;
    }
  /** out = a != 0 ? b : c. */
  | {
      readonly op: "select";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
    }
  /** out = a b + c. */
  | {
      readonly op: "mulAdd";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
    }
  /** out = f(a + b + c), in float32: what gates are. */
  | {
      readonly op: "ofSum";
      readonly code: "sigmoid" | "tanh";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
    }
  /** out, row-major = a at strides. */
  | {
      readonly op: "move";
      readonly out: number;
      readonly a: number;
      readonly base: number;
      readonly dims: readonly Dimension[];
    }
  /** out at strides = a, row-major; the rest of out is zero, or as it was. Several may write one value. */
  | {
      readonly op: "place";
      readonly out: number;
      readonly a: number;
      readonly base: number;
      readonly dims: readonly Dimension[];
      readonly clear: boolean;
    }
  /** out[q] = floor(q / inner) mod extent. */
  | { readonly op: "iota"; readonly out: number; readonly inner: number; readonly extent: number }
  | {
      readonly op: "reduce";
      readonly code: ReduceCode;
      readonly out: number;
      readonly a: number;
      readonly kept: readonly Dimension[];
      readonly reduced: readonly Dimension[];
    }
  | {
      readonly op: "uniform";
      readonly out: number;
      readonly a: number;
      readonly b: number;
      readonly c: number;
      readonly site: number;
    };

/** Flat values of a map: how many elements of which type per row. */
export interface FlatValue {
  readonly size: number;
  readonly dtype: DType;
}

export interface FlatMap {
  readonly values: FlatValue[];
  readonly code: FlatOp[];
}

/** A value cut into more pieces than this stays whole. */
const mostPieces = 64;

/**
 * Takes shapes out of a map, and with them the movements that only cut values apart or join them: what is sliced or
 * concatenated along memory is held in pieces, and every op on it becomes one op per piece. An LSTM's four gates, added as one value
 * of 4 H and sliced, become four values of H, so that the whole map runs over tiles of one width.
 */
export function narrow(map: MapInstruction): FlatMap {
  const cuts = findCuts(map);
  const few = cuts.every((c) => c.size < mostPieces);
  return few
    ? flatten(map, cuts, true)
    : flatten(
        map,
        cuts.map(() => new Set()),
        false,
      );
}

/** @param inPieces slices and joins along memory cost nothing; else they are copies. */
function flatten(map: MapInstruction, cuts: readonly ReadonlySet<number>[], inPieces: boolean): FlatMap {
  const sizes = sizesOf(map);
  const flat: FlatMap = { values: [], code: [] };
  const { values, code } = flat;
  const fresh = (size: number, dtype: DType): number => values.push({ size, dtype }) - 1;
  const bounds = sizes.map((n, r) => [0, ...[...cuts[r]!].sort((a, b) => a - b), n]);
  const pieceSizes = bounds.map((b) => b.slice(1).map((end, i) => end - b[i]!));
  const pieces: number[][] = [];
  const constants = new Map<number, number>();
  const dtypeOf = (r: number) => map.registers[r]!.dtype;
  const make = (r: number): number[] => {
    const made = pieceSizes[r]!.map((n) => fresh(n, dtypeOf(r)));
    pieces[r] = made;
    return made;
  };
  /** The value in one piece, assembled if it is held in several. */
  const whole = (r: number): number => {
    const held = pieces[r]!;
    if (held.length === 1) return held[0]!;
    const out = fresh(sizes[r]!, dtypeOf(r));
    let base = 0;
    for (const piece of held) {
      const n = values[piece]!.size;
      code.push({ op: "place", out, a: piece, base, dims: [[n, 1]], clear: false });
      base += n;
    }
    return out;
  };
  /** Gives a value that was made in one piece to those who want it in several. */
  const split = (r: number, from: number): void => {
    const wanted = pieceSizes[r]!;
    if (wanted.length === 1) {
      pieces[r] = [from];
      return;
    }
    make(r).forEach((out, i) => {
      code.push({ op: "move", out, a: from, base: bounds[r]![i]!, dims: [[wanted[i]!, 1]] });
    });
  };
  const setConstant = (r: number, value: number): void => {
    constants.set(r, value);
    for (const out of make(r)) code.push({ op: "constant", out, value });
  };

  for (const op of map.code) {
    switch (op.op) {
      case "load":
        make(op.out).forEach((out, i) => {
          const view = { ...op.view, offset: op.view.offset + bounds[op.out]![i]! };
          code.push({ op: "load", out, view });
        });
        break;
      case "store":
        pieces[op.input]!.reduce((offset, a) => {
          code.push({ op: "store", a, view: { ...op.view, offset } });
          return offset + values[a]!.size;
        }, op.view.offset);
        break;
      case "constant":
        setConstant(op.out, op.value);
        break;
      case "unary":
        make(op.out).forEach((out, i) => {
          code.push({ op: "unary", code: op.code, out, a: pieces[op.a]![i]! });
        });
        break;
      case "binary":
        make(op.out).forEach((out, i) => {
          code.push({ op: "binary", code: op.code, out, a: pieces[op.a]![i]!, b: pieces[op.b]![i]! });
        });
        break;
      case "select":
        make(op.out).forEach((out, i) => {
          const [a, b, c] = [pieces[op.condition]![i]!, pieces[op.a]![i]!, pieces[op.b]![i]!];
          code.push({ op: "select", out, a, b, c });
        });
        break;
      case "reshape":
        pieces[op.out] = pieces[op.a]!;
        break;
      case "expand": {
        const value = constants.get(op.a);
        if (value !== undefined) setConstant(op.out, value);
        else if (sizes[op.a] === sizes[op.out]) pieces[op.out] = pieces[op.a]!;
        else if (sizes[op.a] === 1)
          make(op.out).forEach((out, i) => {
            const dims: Dimension[] = [[pieceSizes[op.out]![i]!, 0]];
            code.push({ op: "move", out, a: pieces[op.a]![0]!, base: 0, dims });
          });
        else moveWhole(op.out, op.a, movement(map, op)!);
        break;
      }
      case "slice": {
        const at = inPieces ? contiguousStart(map, op) : null;
        if (at === null) moveWhole(op.out, op.a, movement(map, op)!);
        else pieces[op.out] = between(op.a, at, at + sizes[op.out]!);
        break;
      }
      case "concat":
        if (inPieces && isJoined(map, op)) pieces[op.out] = op.inputs.flatMap((r) => pieces[r]!);
        else concat(op);
        break;
      case "permute":
        if (keepsOrder(map, op)) pieces[op.out] = pieces[op.a]!;
        else moveWhole(op.out, op.a, movement(map, op)!);
        break;
      case "pad": {
        const from = whole(op.a);
        const out = fresh(sizes[op.out]!, dtypeOf(op.out));
        code.push({ op: "place", out, a: from, ...movement(map, op)!, clear: true });
        split(op.out, out);
        break;
      }
      case "iota": {
        const { shape } = map.registers[op.out]!;
        const out = fresh(sizes[op.out]!, dtypeOf(op.out));
        const inner = Math.max(1, product(shape.slice(op.axis + 1)));
        code.push({ op: "iota", out, inner, extent: Math.max(1, shape[op.axis]!) });
        split(op.out, out);
        break;
      }
      case "reduce": {
        const from = whole(op.a);
        const { shape } = map.registers[op.a]!;
        const strides = rowMajor(shape);
        const dims = shape.map((n, d): Dimension => [n, strides[d]!]);
        const out = fresh(sizes[op.out]!, dtypeOf(op.out));
        const kept = merged(dims.filter((_, d) => !op.axes.includes(d)));
        const reduced = merged(dims.filter((_, d) => op.axes.includes(d)));
        code.push({ op: "reduce", code: op.code, out, a: from, kept, reduced });
        split(op.out, out);
        break;
      }
      case "uniform": {
        const [a, b, c] = [whole(op.key), whole(op.example), whole(op.node)];
        const out = fresh(sizes[op.out]!, dtypeOf(op.out));
        code.push({ op: "uniform", out, a, b, c, site: op.site });
        split(op.out, out);
        break;
      }
    }
  }
  return flat;

  function moveWhole(r: number, a: number, { base, dims }: Movement): void {
    const from = whole(a);
    const out = fresh(sizes[r]!, dtypeOf(r));
    code.push({ op: "move", out, a: from, base, dims });
    split(r, out);
  }

  /** The pieces of a value that lie in [from, to): cuts were made at both ends. */
  function between(r: number, from: number, to: number): number[] {
    return pieces[r]!.filter((_, i) => bounds[r]![i]! >= from && bounds[r]![i + 1]! <= to);
  }

  function concat(op: MapOp & { op: "concat" }): void {
    const out = fresh(sizes[op.out]!, dtypeOf(op.out));
    const outer = product(map.registers[op.out]!.shape.slice(0, op.axis));
    const row = outer === 0 ? 0 : sizes[op.out]! / outer;
    let base = 0;
    for (const input of op.inputs) {
      const width = outer === 0 ? 0 : sizes[input]! / outer;
      const dims: Dimension[] = [
        [outer, row],
        [width, 1],
      ];
      if (outer * width > 0) code.push({ op: "place", out, a: whole(input), base, dims, clear: false });
      base += width;
    }
    split(op.out, out);
  }
}

/** Where registers have to be cut so that no slice or join goes through a piece. */
function findCuts(map: MapInstruction): Set<number>[] {
  const sizes = sizesOf(map);
  const cuts = sizes.map(() => new Set<number>());
  /** Place p of `a` is place p + shift of `b`, for p in 0..length. */
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

function sizesOf(map: MapInstruction): number[] {
  return map.registers.map((r) => product(r.shape));
}

/** Where the elements of a slice start if they lie end to end in their source, else null. */
function contiguousStart(map: MapInstruction, op: MapOp & { op: "slice" }): number | null {
  const from = map.registers[op.a]!.shape;
  const to = map.registers[op.out]!.shape;
  const strides = rowMajor(from);
  let d = to.length - 1;
  while (d >= 0 && to[d] === from[d]) d--;
  for (let k = 0; k < d; k++) if (to[k] !== 1) return null;
  if (product(to) === 0) return null;
  return op.starts.reduce((p, s, k) => p + s * strides[k]!, 0);
}

function isJoined(map: MapInstruction, op: MapOp & { op: "concat" }): boolean {
  return product(map.registers[op.out]!.shape.slice(0, op.axis)) === 1;
}

/** Whether only axes of extent 1 change places. */
function keepsOrder(map: MapInstruction, op: MapOp & { op: "permute" }): boolean {
  const { shape } = map.registers[op.a]!;
  const moved = op.axes.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > moved[i - 1]!);
}

interface Movement {
  readonly base: number;
  readonly dims: readonly Dimension[];
}

/** A movement as strides into its source (into its result, for pad). */
function movement(map: MapInstruction, op: MapOp & { op: "expand" | "permute" | "slice" | "pad" }): Movement {
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

/** Joins dimensions that lie end to end: long lines are fast, and few ranks suffice. */
function merged(dims: readonly Dimension[]): Dimension[] {
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

function product(shape: readonly number[]): number {
  return shape.reduce((p, n) => p * n, 1);
}

function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}
