import type { BinaryCode, DType, MapOp, Program, Register, Schedule, UnaryCode } from "longspan/engine";

/** A program of one map over rows that each have matrices, vectors and numbers, with the numbers that it reads. */
export interface RandomMap {
  readonly program: Program;
  readonly schedule: Schedule;
  /** By buffer. What is written begins as zeros. */
  readonly data: readonly number[][];
}

/**
 * A random tile program on values [lines, columns], [groups, lines, columns], [lines], [columns] and [] of each row: they are spread
 * over each other, computed with and summed over some axes, in any order.
 */
export function randomMap(seed: number, dtype: DType): RandomMap {
  let state = (seed * 2654435761) | 0;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(draw() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const shape = pick([
    [16, 16],
    [128, 20],
    [13, 21],
    [3, 90],
    [300, 2],
    [2, 1100],
    [64, 64],
    [4, 9, 33],
    [2, 128, 3],
  ]);
  const rows = pick([1, 2, 5]);
  const size = (s: readonly number[]) => s.reduce((p, n) => p * n, 1);

  const registers: Register[] = [];
  const code: MapOp[] = [];
  const buffers: Program["buffers"][number][] = [];
  const register = (s: readonly number[], type = dtype) => registers.push({ shape: s, dtype: type }) - 1;
  const push = (op: MapOp, out: number) => {
    code.push(op);
    return out;
  };
  const shapeOf = (r: number) => registers[r]!.shape;
  const load = (s: readonly number[]) => {
    const isShared = below(4) === 0;
    const role = "input" as const;
    buffers.push({
      name: `b${buffers.length}`,
      dtype,
      space: isShared ? "one" : "row",
      columns: size(s),
      role,
    });
    const out = register(s);
    const view = {
      buffer: buffers.length - 1,
      offset: 0,
      rows: isShared ? ("fixed" as const) : ("same" as const),
    };
    return push({ op: "load", out, view }, out);
  };
  /** A value of any shape whose axes are those of the matrices, or 1. */
  const spread = (r: number): number => {
    const from = shapeOf(r);
    if (from.length === shape.length && from.every((n, d) => n === shape[d])) return r;
    const out = register(shape);
    return push({ op: "expand", out, a: r }, out);
  };
  const kept = () => shape.map((n) => (below(2) ? n : 1));
  const lines = shape.map((n, d) => (d === shape.length - 1 ? 1 : n));
  const small: number[] = [load([...shape]), load([1]), load(lines), load(kept()), load(kept())];
  const matrices: number[] = [spread(small[0]!)];
  const constants = [0.5, 1, 2];
  const steps = 4 + below(14);
  for (let n = 0; n < steps; n++) {
    const kind = below(10);
    if (kind < 2) matrices.push(spread(pick(small)));
    else if (kind < 5) {
      const [a, b] = [pick(matrices), pick(matrices)];
      const out = register(shape);
      const op = pick(["add", "sub", "mul", "mul", "mul", "max"] as BinaryCode[]);
      matrices.push(push({ op: "binary", code: op, out, a, b }, out));
    } else if (kind === 5) {
      const out = register(shape);
      const op = pick(["neg", "tanh", "sigmoid", "abs"] as UnaryCode[]);
      matrices.push(push({ op: "unary", code: op, out, a: pick(matrices) }, out));
    } else if (kind === 6) {
      // a b + c, where b is often one number per line.
      const product = register(shape);
      push({ op: "binary", code: "mul", out: product, a: pick(matrices), b: spread(pick(small)) }, product);
      const out = register(shape);
      matrices.push(push({ op: "binary", code: "add", out, a: product, b: pick(matrices) }, out));
    } else if (kind === 7) {
      // A gate.
      const [inner, sum, out] = [register(shape), register(shape), register(shape)];
      push({ op: "binary", code: "add", out: inner, a: pick(matrices), b: pick(matrices) }, inner);
      push({ op: "binary", code: "add", out: sum, a: inner, b: pick(matrices) }, sum);
      matrices.push(push({ op: "unary", code: "sigmoid", out, a: sum }, out));
    } else if (kind === 8) {
      const one = register(shape);
      push({ op: "constant", out: one, value: pick(constants) }, one);
      if (below(2)) matrices.push(one);
      else {
        const condition = register(shape, "int32");
        push({ op: "binary", code: "less", out: condition, a: pick(matrices), b: one }, condition);
        const out = register(shape);
        matrices.push(push({ op: "select", out, condition, a: pick(matrices), b: pick(matrices) }, out));
      }
    } else {
      const some = shape.map((_, d) => d).filter(() => below(2) === 0);
      const axes = some.length > 0 && below(3) > 0 ? some : [pick([0, shape.length - 1])];
      // Bounded, so that what is computed with the sum stays so.
      const from = pick(matrices);
      const bounded = register(shape);
      push({ op: "unary", code: "tanh", out: bounded, a: from }, bounded);
      const factor = spread(pick(small));
      const product = register(shape);
      push({ op: "binary", code: "mul", out: product, a: bounded, b: factor }, product);
      const a = below(2) ? bounded : product;
      const sum = register(shape.filter((_, d) => !axes.includes(d)));
      push({ op: "reduce", code: "sum", out: sum, a, axes }, sum);
      const mean = register(shapeOf(sum));
      const share = register(shapeOf(sum));
      push({ op: "constant", out: share, value: 1 / size(axes.map((d) => shape[d]!)) }, share);
      push({ op: "binary", code: "mul", out: mean, a: sum, b: share }, mean);
      const out = register(shape.map((m, d) => (axes.includes(d) ? 1 : m)));
      small.push(push({ op: "reshape", out, a: mean }, out));
    }
  }
  const store = (input: number) => {
    const columns = size(shapeOf(input));
    buffers.push({ name: `b${buffers.length}`, dtype, space: "row", columns, role: "output" });
    code.push({ op: "store", input, view: { buffer: buffers.length - 1, offset: 0, rows: "same" } });
  };
  store(matrices.at(-1)!);
  if (below(2)) store(pick(matrices));
  for (const r of small.slice(5)) store(r);

  const counts = { one: 1, row: rows };
  return {
    program: {
      name: `random map ${seed}`,
      buffers,
      tables: [],
      before: [{ kind: "map", space: "row", registers, code }],
      loop: [],
      after: [],
    },
    schedule: { counts, levels: 0, levelRows: {}, headRows: 0, tables: [] },
    data: buffers.map(({ space, columns, role }) =>
      Array.from({ length: columns * (space === "one" ? 1 : rows) }, () =>
        role === "input" ? 2 * draw() - 1 : 0,
      ),
    ),
  };
}
