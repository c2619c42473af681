import { type FlatMap, type FlatOp, isWrite, operandsOf, resultsOf } from "./flat-map.js";

/**
 * Joins operations that often come together in cells and their derivatives, so that they take one pass over memory: 1 - x, 1 - x^2,
 * x (1 - x), these times a gradient, a b + c, gates, which are a function of a sum of two or three values, products with one number, and sums
 * of products. Drops values that nothing reads.
 *
 * @param options.sums what is stored is summed over the rows of a list
 */
export function joinPatterns(map: FlatMap, { sums = false } = {}): FlatMap {
  const floats = (v: number) => map.values[v]!.dtype !== "int32";
  const makers = makersOf(map.code);
  const isOne = (v: number) => {
    const m = makers.get(v);
    return m?.op === "constant" && m.value === 1;
  };
  const renamed = map.code.map((op): FlatOp => {
    if (op.op !== "binary" || !floats(op.out)) return op;
    const { a, b, out } = op;
    if (op.code === "sub" && isOne(a)) {
      const square = makers.get(b);
      return square?.op === "binary" && square.code === "mul" && square.a === square.b
        ? { op: "unary", code: "oneMinusSquare", out, a: square.a }
        : { op: "unary", code: "oneMinus", out, a: b };
    }
    if (op.code === "mul") {
      if (isComplement(b, a)) return { op: "unary", code: "selfTimesOneMinus", out, a };
      if (isComplement(a, b)) return { op: "unary", code: "selfTimesOneMinus", out, a: b };
    }
    return op;
  });
  const sloped = joinSlopes(renamed);
  const uses = usesOf(sloped);
  const products = makersOf(sloped);
  const joined = sloped.map((op): FlatOp => {
    if (op.op !== "binary" || op.code !== "add" || !floats(op.out)) return op;
    for (const [x, c] of [
      [op.a, op.b],
      [op.b, op.a],
    ] as const) {
      const m = products.get(x);
      if (m?.op === "binary" && m.code === "mul" && uses.get(x) === 1 && x !== c)
        return { op: "mulAdd", out: op.out, a: m.a, b: m.b, c };
    }
    return op;
  });
  const scaled = joinScales(joinGates(joined, map.values), map.values);
  return { values: map.values, code: withoutDead(sums ? addUp(scaled) : scaled) };

  function isComplement(v: number, of: number): boolean {
    const m = makers.get(v);
    return m?.op === "binary" && m.code === "sub" && isOne(m.a) && m.b === of;
  }
}

/** A gradient times a slope that nothing else reads. */
function joinSlopes(code: readonly FlatOp[]): FlatOp[] {
  const uses = usesOf(code);
  const makers = makersOf(code);
  return code.map((op): FlatOp => {
    if (op.op !== "binary" || op.code !== "mul") return op;
    for (const [x, y] of [
      [op.a, op.b],
      [op.b, op.a],
    ] as const) {
      const m = makers.get(y);
      if (m?.op !== "unary" || uses.get(y) !== 1 || x === y) continue;
      if (m.code === "selfTimesOneMinus")
        return { op: "binary", code: "timesSigmoidSlope", out: op.out, a: x, b: m.a };
      if (m.code === "oneMinusSquare")
        return { op: "binary", code: "timesTanhSlope", out: op.out, a: x, b: m.a };
    }
    return op;
  });
}

/** sigmoid or tanh of (a + b) + c or of a + (b + c), if nothing else reads the sums. The order of the additions stays. */
function joinGates(code: readonly FlatOp[], values: FlatMap["values"]): FlatOp[] {
  const uses = usesOf(code);
  const makers = makersOf(code);
  const sumOf = (v: number) => {
    const m = makers.get(v);
    return m?.op === "binary" && m.code === "add" && uses.get(v) === 1 ? m : undefined;
  };
  return code.map((op): FlatOp => {
    if (op.op !== "unary" || (op.code !== "sigmoid" && op.code !== "tanh")) return op;
    const outer = sumOf(op.a);
    if (!outer || values[op.out]!.dtype !== "float32") return op;
    const inner = sumOf(outer.a) ?? sumOf(outer.b);
    if (!inner) return { op: "ofSumOfTwo", code: op.code, out: op.out, a: outer.a, b: outer.b };
    const c = inner.out === outer.a ? outer.b : outer.a;
    return { op: "ofSum", code: op.code, out: op.out, a: inner.a, b: inner.b, c };
  });
}

/** Products with one number that is spread, and sums of products. */
function joinScales(code: readonly FlatOp[], values: FlatMap["values"]): FlatOp[] {
  const makers = makersOf(code);
  const uses = usesOf(code);
  /** The one number that a value repeats. */
  const repeated = (v: number): number | undefined => {
    const m = makers.get(v);
    const same = m?.op === "move" && m.dims.length === 1 && m.dims[0]![1] === 0;
    return same && values[m.a]!.size === 1 ? m.a : undefined;
  };
  const scaled = code.map((op): FlatOp => {
    if (op.op !== "binary" || op.code !== "mul" || values[op.out]!.dtype === "int32") return op;
    const [a, b] = [repeated(op.a), repeated(op.b)];
    if (b !== undefined) return { op: "scale", out: op.out, a: op.a, b };
    return a === undefined ? op : { op: "scale", out: op.out, a: op.b, b: a };
  });
  const products = makersOf(scaled);
  return scaled.map((op): FlatOp => {
    if (op.op !== "reduce" || op.code !== "sum" || values[op.out]!.size !== 1) return op;
    const m = products.get(op.a);
    const isWhole = op.reduced.length === 1 && op.reduced[0]![1] === 1;
    if (m?.op !== "binary" || m.code !== "mul" || uses.get(op.a) !== 1 || !isWhole) return op;
    return values[op.out]!.dtype === "int32" ? op : { op: "dot", out: op.out, a: m.a, b: m.b };
  });
}

/** What is stored is added up instead; a product with one number as it is formed. */
function addUp(code: readonly FlatOp[]): FlatOp[] {
  const makers = makersOf(code);
  const uses = usesOf(code);
  return code.map((op): FlatOp => {
    if (op.op !== "store") return op;
    const m = makers.get(op.a);
    return m?.op === "scale" && uses.get(op.a) === 1
      ? { op: "addScaled", a: m.a, b: m.b, view: op.view }
      : { op: "addUp", a: op.a, view: op.view };
  });
}

function makersOf(code: readonly FlatOp[]): Map<number, FlatOp> {
  const makers = new Map<number, FlatOp>();
  for (const op of code) if (op.op !== "insert") for (const v of resultsOf(op)) makers.set(v, op);
  return makers;
}

function usesOf(code: readonly FlatOp[]): Map<number, number> {
  const uses = new Map<number, number>();
  for (const op of code) for (const v of operandsOf(op)) uses.set(v, (uses.get(v) ?? 0) + 1);
  return uses;
}

/** Operations without those whose results nothing reads. */
export function withoutDead(code: readonly FlatOp[]): FlatOp[] {
  const wanted = new Set<number>();
  const kept: FlatOp[] = [];
  for (let i = code.length - 1; i >= 0; i--) {
    const op = code[i]!;
    if (!isWrite(op) && !resultsOf(op).some((v) => wanted.has(v))) continue;
    kept.push(op);
    for (const v of operandsOf(op)) wanted.add(v);
  }
  return kept.reverse();
}
