import {
  type Dimension,
  type FlatMap,
  type FlatOp,
  isSum,
  isWrite,
  type NestedOp,
  operandsOf,
  resultsOf,
} from "./flat-map.js";
import { withoutDead } from "./join-patterns.js";
import { product } from "./movements.js";

/** Values of fewer numbers per row are left as they are: a nest would cost more than it saves. */
const leastElements = 256;
/** A longer line is not cut. */
const longestLine = 4096;
/** Functions that are not computed twice. */
const costly: ReadonlySet<string> = new Set([
  "exp",
  "expm1",
  "log",
  "log1p",
  "tanh",
  "sigmoid",
  "sqrt",
  "sin",
  "cos",
  "erf",
  "pow",
]);

/**
 * Finds work on matrices of each row (values [lines, columns]) and puts it into nests: groups of operations that run over a few lines at a
 * time, so that what they form stays in the first-level cache and is never written in full. Vectors and numbers that are spread over a
 * matrix are spread over those lines only, and sums over lines or columns are formed as the lines go by. Whatever is not stored and cheap is
 * formed again in each nest that needs it.
 */
export function findNests(map: FlatMap): FlatMap {
  let result = beforeSpreading(map);
  for (const [size, columns] of shapes(map)) result = nest(result, size, columns);
  return result;
}

/** What is computed of values that are spread alike is computed before they are spread: there are fewer of them. */
function beforeSpreading(map: FlatMap): FlatMap {
  const values = [...map.values];
  const spread = new Map<number, Extract<FlatOp, { readonly op: "move" }>>();
  const alike = (a: number, b: number) => {
    const [p, q] = [spread.get(a), spread.get(b)];
    return p && q && p.base === q.base && p.dims.join(";") === q.dims.join(";");
  };
  const code = map.code.flatMap((op): FlatOp[] => {
    if (op.op === "move" && values[op.a]!.size < values[op.out]!.size) spread.set(op.out, op);
    if (op.op !== "unary" && op.op !== "binary") return [op];
    const from = spread.get(op.a);
    if (!from || (op.op === "binary" && !alike(op.a, op.b))) return [op];
    const out = values.push({ size: values[from.a]!.size, dtype: values[op.out]!.dtype }) - 1;
    const moved = { ...from, out: op.out, a: out };
    spread.set(op.out, moved);
    return [
      op.op === "unary" ? { ...op, out, a: from.a } : { ...op, out, a: from.a, b: spread.get(op.b)!.a },
      moved,
    ];
  });
  return { values, code: withoutDead(code) };
}

/** The shapes of matrices that vectors are spread over or that are summed, the most frequent line of each size. */
function shapes({ values, code }: FlatMap): Map<number, number> {
  const votes = new Map<number, Map<number, number>>();
  const vote = (size: number, columns: number) => {
    if (size < leastElements || columns < 2 || columns > longestLine || 2 * columns > size) return;
    const of = votes.get(size) ?? new Map<number, number>();
    votes.set(size, of.set(columns, (of.get(columns) ?? 0) + 1));
  };
  for (const op of code) {
    if (op.op === "move" && op.dims.length > 1) vote(values[op.out]!.size, op.dims.at(-1)![0]);
    else if (op.op === "reduce") {
      const { size } = values[op.a]!;
      const inner = [...op.kept, ...op.reduced].find(([, stride]) => stride === 1);
      if (inner && op.kept.length + op.reduced.length > 1) vote(size, inner[0]);
    }
  }
  return new Map(
    [...votes].map(([size, of]) => {
      const [best] = [...of].sort(([c, n], [d, m]) => m - n || c - d);
      return [size, best![0]];
    }),
  );
}

/** What an operation becomes in a nest of so many lines: itself, a spread, or a sum; null if it cannot be part of one. */
function nested(op: FlatOp, { values }: FlatMap, size: number, columns: number): NestedOp | null {
  const lines = size / columns;
  if (isWrite(op) || op.op === "load" || op.op === "nest") return null;
  const whole = (v: number) => values[v]!.size === size;
  switch (op.op) {
    case "constant":
    case "unary":
    case "binary":
    case "select":
    case "mulAdd":
    case "ofSum":
    case "ofSumOfTwo":
    case "scale":
      return whole(op.out) ? op : null;
    case "move": {
      if (!whole(op.out) || whole(op.a)) return null;
      const dims = splitAt(op.dims, columns);
      const inner = dims?.at(-1)?.[1];
      if (!dims || (inner !== 0 && inner !== 1)) return null;
      return { op: "spreadLines", out: op.out, a: op.a, base: op.base, dims };
    }
    case "dot":
      return whole(op.a) ? { op: "dotAll", out: op.out, a: op.a, b: op.b } : null;
    case "reduce": {
      if (op.code !== "sum" || !whole(op.a) || values[op.a]!.dtype === "int32") return null;
      if (op.kept.length === 0) return null;
      // The axes in the order of memory, each with the stride of its result: those that are reduced have none.
      let stride = product(op.kept.map(([n]) => n));
      const kept = op.kept.map(([n, from]) => {
        stride /= n;
        return { n, from, to: stride };
      });
      const all = [...kept, ...op.reduced.map(([n, from]) => ({ n, from, to: 0 }))].sort(
        (p, q) => q.from - p.from,
      );
      const last = all.at(-1)!;
      if (last.from !== 1 || product(all.map(({ n }) => n)) !== size) return null;
      const dims = splitAt(
        all.map(({ n, to }): Dimension => [n, to]),
        columns,
      );
      if (!dims) return null;
      if (dims.at(-1)![1] === 1) return { op: "addLines", out: op.out, a: op.a, dims };
      const perLine = op.reduced.length === 1 && last.n === columns && values[op.out]!.size === lines;
      return perLine ? { op: "sumLines", out: op.out, a: op.a } : null;
    }
    default:
      return null;
  }
}

/** Dimensions with a line of `columns` as the last; null if they have none. */
function splitAt(dims: readonly Dimension[], columns: number): Dimension[] | null {
  const [extent, stride] = dims.at(-1) ?? [1, 0];
  if (extent === columns) return [...dims];
  if (extent % columns !== 0) return null;
  return [...dims.slice(0, -1), [extent / columns, stride * columns], [columns, stride]];
}

/** Puts the work on matrices of one shape into nests. */
function nest(map: FlatMap, size: number, columns: number): FlatMap {
  const { code } = map;
  const values = [...map.values];
  const inner = code.map((op) => nested(op, map, size, columns));
  const makers = new Map<number, number>();
  code.forEach((op, i) => {
    for (const v of resultsOf(op)) makers.set(v, i);
  });

  // The number of the nest of each operation; of what is in none, how many come before it.
  const depths: number[] = [];
  const made = new Map<number, { depth: number; isInner: boolean; isSum: boolean }>();
  code.forEach((op, i) => {
    const own = inner[i] ?? null;
    let depth = 0;
    for (const v of operandsOf(op)) {
      const from = made.get(v);
      if (!from) continue;
      const after = from.isInner && (own === null || from.isSum);
      depth = Math.max(depth, from.depth + (after ? 1 : 0));
    }
    depths.push(depth);
    for (const v of resultsOf(op)) {
      const before = made.get(v);
      made.set(v, {
        depth: Math.max(depth, before?.depth ?? 0),
        isInner: own !== null,
        isSum: own !== null && isSum(own),
      });
    }
  });

  // What stays in memory: it is read outside, or is costly and read in several nests.
  const readers = new Map<number, Set<number>>();
  const kept = new Set<number>();
  code.forEach((op, i) => {
    for (const v of operandsOf(op)) {
      const m = makers.get(v);
      if (m === undefined || !inner[m] || isSum(inner[m])) continue;
      if (!inner[i]) kept.add(v);
      else readers.set(v, (readers.get(v) ?? new Set()).add(depths[i]!));
    }
  });
  for (const [v, of] of readers) {
    const op = code[makers.get(v)!]!;
    if (of.size > 1 && (op.op === "unary" || op.op === "binary") && costly.has(op.code)) kept.add(v);
  }
  // Each nest has its own constants; one that is read outside is made there as well.
  const outside = (i: number) => !inner[i] || (inner[i].op === "constant" && kept.has(inner[i].out));
  const most = Math.max(0, ...depths);
  const result: FlatOp[] = [];
  const formed = new Set<number>();
  let count = 0;
  for (let d = 0; d <= most; d++) {
    code.forEach((op, i) => {
      if (outside(i) && depths[i] === d) result.push(op);
    });
    const roots = code.flatMap((_, i) => {
      const own = inner[i];
      if (!own || depths[i] !== d || own.op === "constant") return [];
      return isSum(own) || kept.has(own.out) ? [i] : [];
    });
    if (roots.length === 0) continue;
    const wanted = new Set<number>();
    const pull = (i: number): void => {
      if (wanted.has(i)) return;
      wanted.add(i);
      for (const v of operandsOf(code[i]!)) {
        const m = makers.get(v);
        if (m === undefined || !inner[m] || isSum(inner[m])) continue;
        if (!kept.has(v) || depths[m] === d || code[m]!.op === "constant") pull(m);
      }
    };
    for (const i of roots) pull(i);
    const names = new Map<number, number>();
    const name = (v: number) => names.get(v) ?? v;
    const body = ordered(
      [...wanted].sort((p, q) => p - q),
      roots,
      (i) => operandsOf(code[i]!).flatMap((v) => makers.get(v) ?? []),
    ).map((i): NestedOp => {
      const own = inner[i]!;
      const isConstant = own.op === "constant";
      if (formed.has(own.out) || isConstant) names.set(own.out, values.push(values[own.out]!) - 1);
      formed.add(own.out);
      return renamed(own, name);
    });
    const outs = roots.map((i) => name(inner[i]!.out));
    const lines = size / columns;
    const passes = joined(body, outs, lines, (v) => values[v]!.size);
    result.push({ op: "nest", lines, columns, body: passes, outs });
    count++;
  }
  return count === 0 ? map : { values, code: result };
}

/** Operations so that each comes as late as what it feeds allows: few values are held at a time. */
function ordered(
  wanted: readonly number[],
  roots: readonly number[],
  operands: (i: number) => readonly number[],
): number[] {
  const inside = new Set(wanted);
  const done: number[] = [];
  const visit = (i: number): void => {
    if (!inside.delete(i)) return;
    for (const m of operands(i)) visit(m);
    done.push(i);
  };
  for (const i of roots) visit(i);
  return done;
}

/** Numbers of lines are multiplied where they lie, and products are summed as they are formed: each takes one pass. */
function joined(
  body: readonly NestedOp[],
  outs: readonly number[],
  lines: number,
  sizeOf: (v: number) => number,
): NestedOp[] {
  const makers = new Map(body.map((op) => [op.out, op]));
  /** The vector [lines] that a matrix repeats along its lines. */
  const perLine = (v: number): number | undefined => {
    const m = makers.get(v);
    if (m?.op !== "spreadLines" || m.base !== 0 || m.dims.length !== 2 || sizeOf(m.a) !== lines)
      return undefined;
    const [[, step], [, inner]] = m.dims as [Dimension, Dimension];
    return step === 1 && inner === 0 ? m.a : undefined;
  };
  const scaled = body.map((op): NestedOp => {
    const isProduct = (op.op === "binary" && op.code === "mul") || op.op === "mulAdd";
    if (!isProduct) return op;
    const [a, b] = [perLine(op.a), perLine(op.b)];
    const [x, line] = b !== undefined ? [op.a, b] : [op.b, a];
    if (line === undefined) return op;
    return op.op === "mulAdd"
      ? { op: "mulAddLines", out: op.out, a: x, b: line, c: op.c }
      : { op: "scaleLines", out: op.out, a: x, b: line };
  });
  const uses = new Map<number, number>();
  for (const op of scaled) for (const v of operandsOf(op)) uses.set(v, (uses.get(v) ?? 0) + 1);
  const products = new Map(scaled.map((op) => [op.out, op]));
  /** In place of a matrix whose lines are all one, that line, for what goes line by line. */
  const line = (v: number): number => {
    const m = makers.get(v);
    if (m?.op !== "spreadLines" || m.base !== 0 || m.dims.length !== 2) return v;
    const [[, step], [n, inner]] = m.dims as [Dimension, Dimension];
    return step === 0 && inner === 1 && sizeOf(m.a) === n ? m.a : v;
  };
  const summed = scaled.map((op): NestedOp => {
    if (op.op !== "sumLines" && op.op !== "addLines") return op;
    const m = products.get(op.a);
    if (!m || uses.get(op.a) !== 1 || outs.includes(op.a)) return op;
    if (op.op === "sumLines")
      return m.op === "binary" && m.code === "mul" ? { op: "dotLines", out: op.out, a: m.a, b: m.b } : op;
    const all = op.dims.slice(0, -1).every(([, stride]) => stride === 0);
    return m.op === "scaleLines" && all ? { op: "addScaledLines", out: op.out, a: m.a, b: m.b } : op;
  });
  const byLines = summed.map((op): NestedOp => {
    if (op.op === "scaleLines") return { ...op, a: line(op.a) };
    if (op.op === "mulAddLines") return { ...op, a: line(op.a), c: line(op.c) };
    return op.op === "dotLines" ? { ...op, a: line(op.a), b: line(op.b) } : op;
  });
  const wanted = new Set(outs);
  const backwards = [...byLines].reverse().filter((op) => {
    if (!wanted.has(op.out)) return false;
    for (const v of operandsOf(op)) wanted.add(v);
    return true;
  });
  return backwards.reverse();
}

function renamed(op: NestedOp, name: (v: number) => number): NestedOp {
  const copy: Record<string, unknown> = { ...op };
  for (const field of ["out", "a", "b", "c"])
    if (typeof copy[field] === "number") copy[field] = name(copy[field] as number);
  return copy as unknown as NestedOp;
}
