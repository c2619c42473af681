import type { DType, MapOp, TileProgram } from "../program/index.js";
import { contiguousStart, findCuts, isJoined, keepsOrder, sizesOf } from "./find-cuts.js";
import type { Dimension, FlatMap } from "./flat-map.js";
import { type Movement, merged, movement, product, rowMajor } from "./movements.js";

/** A value cut into more pieces than this stays whole. */
const mostPieces = 64;

/**
 * Flattens a map: values get sizes instead of shapes. A value that is sliced or concatenated along memory is held in pieces, and an
 * operation on it becomes one operation per piece, so slices and joins cost nothing. An LSTM adds its four gates as one value of 4 H and
 * slices it: that becomes four values of H, and the whole map runs over tiles of one width.
 */
export function flattenMap(map: TileProgram): FlatMap {
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

/** @param inPieces whether values are held in pieces; if not, slices and joins are copies. */
function flatten(map: TileProgram, cuts: readonly ReadonlySet<number>[], inPieces: boolean): FlatMap {
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
      code.push({ op: "insert", out, a: piece, base, dims: [[n, 1]], clear: false });
      base += n;
    }
    return out;
  };
  /** Cuts a value that was made in one piece into its pieces. */
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
        // A part without elements is a piece of a value only where that has none at all.
        if (inPieces && isJoined(map, op) && sizes[op.out] !== 0)
          pieces[op.out] = op.inputs.filter((r) => sizes[r] !== 0).flatMap((r) => pieces[r]!);
        else concat(op);
        break;
      case "permute":
        if (keepsOrder(map, op)) pieces[op.out] = pieces[op.a]!;
        else moveWhole(op.out, op.a, movement(map, op)!);
        break;
      case "pad": {
        const from = whole(op.a);
        const out = fresh(sizes[op.out]!, dtypeOf(op.out));
        code.push({ op: "insert", out, a: from, ...movement(map, op)!, clear: true });
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
      if (outer * width > 0) code.push({ op: "insert", out, a: whole(input), base, dims, clear: false });
      base += width;
    }
    split(op.out, out);
  }
}
