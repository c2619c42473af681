import {
  type BufferDecl,
  defaultExecutor,
  fromArray,
  type Instruction,
  Key,
  normal,
  onCpu,
  type Program,
  ProgramError,
  type Schedule,
  type Space,
  useExecutor,
  verifyProgram,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

function scheduleOf(counts: Partial<Record<Space, number>>, tables: Schedule["tables"] = []): Schedule {
  return {
    counts: { one: 1, ...counts },
    levels: 0,
    levelRows: {},
    headRows: 0,
    tables,
  };
}

const buffer = (
  name: string,
  space: Space,
  columns: number,
  role: BufferDecl["role"],
  dtype: BufferDecl["dtype"] = "float64",
): BufferDecl => ({
  name,
  space,
  columns,
  role,
  dtype,
});
const at = (b: number, rows: "same" | "fixed" | number = "same", offset = 0) => ({ buffer: b, offset, rows });

/** Runs one instruction on arrays and returns the last buffer. */
function run(
  buffers: BufferDecl[],
  instruction: Instruction,
  data: number[][],
  schedule: Schedule,
  tables: Program["tables"] = [],
): number[] {
  const program: Program = { name: "test", buffers, tables, before: [instruction], loop: [], after: [] };
  const executor = defaultExecutor();
  const handles = data.map((d, i) => fromArray(d, [d.length], buffers[i]!.dtype));
  executor.run(
    executor.compile(program),
    schedule,
    handles.map((t) => t.binding()),
  );
  return Array.from(onCpu(handles.at(-1)!).toArray());
}

const random = (n: number, seed: number) => Array.from(onCpu(normal(Key.of(seed), [n], "float64")).toArray());

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    describe("gemm: every tail, both orientations, row tables, column offsets, accumulation", () => {
      for (const [rows, k, n] of [
        [1, 1, 1],
        [4, 3, 4],
        [5, 7, 6],
        [9, 2, 11],
        [3, 0, 5],
        [0, 3, 2],
      ] as const)
        for (const transposeB of [false, true])
          for (const accumulate of [false, true])
            for (const indexed of [false, true])
              test(`${rows} x ${k} x ${n}${transposeB ? " B'" : ""}${accumulate ? " +=" : ""}${indexed ? " by table" : ""}`, () => {
                const source = 12;
                const a = random(source * (k + 1), 1);
                const b = random(k * n, 2);
                const c = random(rows * (n + 2), 3);
                const index = Int32Array.from({ length: rows }, (_, r) => (r * 5) % source);
                const ours = run(
                  [
                    buffer("a", indexed ? "state" : "row", k + 1, "input"),
                    buffer("b", "one", k * n, "input"),
                    buffer("c", "row", n + 2, "output"),
                  ],
                  {
                    kind: "gemm",
                    space: "row",
                    out: at(2, "same", 2),
                    a: at(0, indexed ? 0 : "same", 1),
                    b: at(1, "fixed"),
                    k,
                    n,
                    transposeB,
                    accumulate,
                  },
                  [a, b, c],
                  scheduleOf({ row: rows, state: source }, [{ offset: 0, index }]),
                  indexed ? [{ name: "t", kind: "map" }] : [],
                );
                for (let r = 0; r < rows; r++) {
                  const from = (indexed ? index[r]! : r) * (k + 1) + 1;
                  for (let j = 0; j < n; j++) {
                    let s = accumulate ? c[r * (n + 2) + 2 + j]! : 0;
                    for (let q = 0; q < k; q++)
                      s += a[from + q]! * (transposeB ? b[j * k + q]! : b[q * n + j]!);
                    expect(Math.abs(ours[r * (n + 2) + 2 + j]! - s)).toBeLessThan(1e-13 * (1 + Math.abs(s)));
                  }
                  // The columns beside the segment stay as they were.
                  expect(ours.slice(r * (n + 2), r * (n + 2) + 2)).toEqual(
                    c.slice(r * (n + 2), r * (n + 2) + 2),
                  );
                }
              });
    });

    describe("outerSum", () => {
      for (const [rows, m, n] of [
        [0, 2, 3],
        [1, 1, 1],
        [5, 4, 4],
        [300, 6, 7],
      ] as const)
        for (const accumulate of [false, true])
          test(`${rows} rows of ${m} x ${n}${accumulate ? ", added" : ""}`, () => {
            const [a, b, c] = [random(rows * m, 1), random(rows * n, 2), random(m * n, 3)];
            const ours = run(
              [
                buffer("a", "row", m, "input"),
                buffer("b", "row", n, "input"),
                buffer("c", "one", m * n, "output"),
              ],
              { kind: "outerSum", space: "row", out: at(2, "fixed"), a: at(0), b: at(1), m, n, accumulate },
              [a, b, c],
              scheduleOf({ row: rows }),
            );
            for (let i = 0; i < m; i++)
              for (let j = 0; j < n; j++) {
                let s = accumulate ? c[i * n + j]! : 0;
                for (let r = 0; r < rows; r++) s += a[r * m + i]! * b[r * n + j]!;
                expect(Math.abs(ours[i * n + j]! - s)).toBeLessThan(1e-12 * (1 + Math.abs(s)));
              }
          });
    });

    describe("batchedMatmul: matrices, a row or a column on one side, one right operand for all rows, accumulation", () => {
      for (const [transposeA, transposeB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as const)
        for (const [count, m, k, n, shared, accumulate] of [
          [3, 5, 6, 7, false, false],
          [1, 5, 6, 7, true, true],
          [2, 1, 9, 70, false, true],
          [2, 70, 9, 1, false, false],
          [1, 1, 37, 5, true, false],
          [2, 1, 37, 1, false, true],
          [2, 3, 0, 2, false, false],
          [1, 1, 0, 2, false, false],
        ] as const)
          test(`${transposeA ? "A'" : "A"} ${transposeB ? "B'" : "B"} ${count}x[${m},${k},${n}]${shared ? ", one B" : ""}${accumulate ? " +=" : ""}`, () => {
            const rows = 2;
            const [a, b] = [random(rows * count * m * k, 1), random((shared ? 1 : rows) * count * k * n, 2)];
            const c = random(rows * count * m * n, 3);
            const ours = run(
              [
                buffer("a", "row", count * m * k, "input"),
                buffer("b", shared ? "one" : "row", count * k * n, "input"),
                buffer("c", "row", count * m * n, "output"),
              ],
              {
                kind: "batchedMatmul",
                space: "row",
                out: at(2),
                a: at(0),
                b: at(1, shared ? "fixed" : "same"),
                count,
                m,
                k,
                n,
                transposeA,
                transposeB,
                accumulate,
              },
              [a, b, c],
              scheduleOf({ row: rows }),
            );
            for (let q = 0; q < rows * count; q++)
              for (let i = 0; i < m; i++)
                for (let j = 0; j < n; j++) {
                  const [x, y] = [q * m * k, (shared ? 0 : q) * k * n];
                  let s = accumulate ? c[q * m * n + i * n + j]! : 0;
                  for (let p = 0; p < k; p++)
                    s +=
                      a[x + (transposeA ? p * m + i : i * k + p)]! *
                      b[y + (transposeB ? j * k + p : p * n + j)]!;
                  expect(Math.abs(ours[q * m * n + i * n + j]! - s)).toBeLessThan(1e-12 * (1 + Math.abs(s)));
                }
          });
    });

    test("segmentSum adds the listed rows in order; an empty list gives zero", () => {
      const ours = run(
        [buffer("a", "edge", 2, "input"), buffer("c", "node", 2, "output")],
        { kind: "segmentSum", space: "node", out: at(1), a: at(0), lists: 0, columns: 2, accumulate: false },
        [
          [1, 2, 10, 20, 100, 200],
          [9, 9, 9, 9],
        ],
        scheduleOf({ node: 2, edge: 3 }, [{ starts: Int32Array.of(0, 2, 2), index: Int32Array.of(2, 0) }]),
        [{ name: "l", kind: "lists" }],
      );
      expect(ours).toEqual([101, 202, 0, 0]);
    });

    describe("scan: every tail, a row per row or one for all, states by table", () => {
      for (const dtype of ["float64", "float32"] as const)
        for (const columns of [1, 3, 8, 16, 21, 40])
          for (const shared of [false, true])
            for (const place of [0, 1])
              test(`${dtype} ${columns} columns${shared ? ", one a" : ""}${place ? ", inside wider rows" : ""}`, () => {
                const [rows, source, width] = [5, 9, columns + 2 * place];
                const round = (x: number) => (dtype === "float32" ? Math.fround(x) : x);
                const a = random((shared ? 1 : rows) * width, 1).map(round);
                const [s, c, old] = [source, rows, rows].map((n, i) => random(n * width, 2 + i).map(round));
                const index = Int32Array.from({ length: rows }, (_, r) => (r * 4) % source);
                const ours = run(
                  [
                    buffer("a", shared ? "one" : "row", width, "input", dtype),
                    buffer("s", "state", width, "input", dtype),
                    buffer("c", "row", width, "input", dtype),
                    buffer("out", "row", width, "output", dtype),
                  ],
                  {
                    kind: "scan",
                    space: "row",
                    out: at(3, "same", place),
                    a: at(0, shared ? "fixed" : "same", place),
                    b: at(1, 0, place),
                    c: at(2, "same", place),
                    columns,
                  },
                  [a, s!, c!, old!],
                  scheduleOf({ row: rows, state: source }, [{ offset: 0, index }]),
                  [{ name: "t", kind: "map" }],
                );
                const wanted = [...old!];
                for (let r = 0; r < rows; r++)
                  for (let j = place; j < place + columns; j++)
                    wanted[r * width + j] =
                      a[(shared ? 0 : r) * width + j]! * s![index[r]! * width + j]! + c![r * width + j]!;
                ours.forEach((x, q) => {
                  expect(Math.abs(x - wanted[q]!)).toBeLessThanOrEqual(
                    dtype === "float64" ? 1e-15 * 8 : 1e-6,
                  );
                });
              });
    });

    describe("cumulativeSum", () => {
      for (const dtype of ["float64", "float32", "int32"] as const)
        for (const reverse of [false, true])
          for (const accumulate of [false, true])
            for (const [outer, length, inner] of [
              [1, 5, 1],
              [2, 3, 4],
              [3, 0, 2],
              [0, 3, 2],
            ] as const)
              test(`${dtype} ${outer} x ${length} x ${inner}${reverse ? " from the end" : ""}${accumulate ? ", added" : ""}`, () => {
                const rows = 3;
                const n = outer * length * inner;
                const whole = (x: number) => (dtype === "int32" ? Math.round(10 * x) : Math.fround(x));
                const [a, c] = [random(rows * (n + 1), 1).map(whole), random(rows * (n + 1), 2).map(whole)];
                const ours = run(
                  [buffer("a", "row", n + 1, "input", dtype), buffer("c", "row", n + 1, "output", dtype)],
                  {
                    kind: "cumulativeSum",
                    space: "row",
                    out: at(1, "same", 1),
                    a: at(0, "same", 1),
                    outer,
                    length,
                    inner,
                    reverse,
                    accumulate,
                  },
                  [a, c],
                  scheduleOf({ row: rows }),
                );
                const wanted = [...c];
                for (let r = 0; r < rows; r++)
                  for (let o = 0; o < outer; o++)
                    for (let i = 0; i < inner; i++)
                      for (let j = 0; j < length; j++) {
                        const place = (q: number) => r * (n + 1) + 1 + (o * length + q) * inner + i;
                        let sum = accumulate ? c[place(j)]! : 0;
                        for (let q = 0; q < length; q++) if (reverse ? q >= j : q <= j) sum += a[place(q)]!;
                        wanted[place(j)] = sum;
                      }
                const most = { float64: 1e-14, float32: 1e-6, int32: 0 }[dtype];
                ours.forEach((x, q) => {
                  expect(Math.abs(x - wanted[q]!)).toBeLessThanOrEqual(most);
                });
              });
    });

    test("gather and indexSum check every index", () => {
      const table = [1, 2, 3, 4, 5, 6];
      const gather = (index: number[]) =>
        run(
          [
            buffer("t", "one", 6, "input"),
            buffer("i", "row", 1, "input", "int32"),
            buffer("c", "row", 2, "output"),
          ],
          {
            kind: "gather",
            space: "row",
            out: at(2),
            source: at(0, "fixed"),
            index: at(1),
            count: 1,
            size: 3,
            columns: 2,
          },
          [table, index, new Array<number>(2 * index.length).fill(0)],
          scheduleOf({ row: index.length }),
        );
      expect(gather([2, 0])).toEqual([5, 6, 1, 2]);
      expect(() => gather([0, 3])).toThrow("index 3 at row 1, position 0 lies outside 0..2");
      expect(() => gather([-1])).toThrow("index -1 at row 0");
    });

    test("bindings that are too small, missing or of another type are refused before anything runs", () => {
      const own = defaultExecutor();
      const program: Program = {
        name: "p",
        buffers: [buffer("a", "row", 2, "input"), buffer("c", "row", 2, "output")],
        tables: [],
        before: [
          {
            kind: "map",
            space: "row",
            registers: [{ shape: [2], dtype: "float64" }],
            code: [
              { op: "load", out: 0, view: at(0) },
              { op: "store", input: 0, view: at(1) },
            ],
          },
        ],
        loop: [],
        after: [],
      };
      const executable = own.compile(program);
      const make = (n: number, dtype: "float32" | "float64" = "float64") =>
        fromArray(new Array<number>(n).fill(1), [n], dtype).binding();
      expect(() => own.run(executable, scheduleOf({ row: 3 }), [make(6), make(4)])).toThrow(
        "buffer c needs 3 x 2, bound to 4",
      );
      expect(() => own.run(executable, scheduleOf({ row: 1 }), [make(2)])).toThrow("buffer c is not bound");
      expect(() => own.run(executable, scheduleOf({ row: 1 }), [make(2, "float32"), make(2)])).toThrow(
        "buffer a holds float64, bound to float32",
      );
    });
  });

describe("the verifier finds programs that would touch what they must not", () => {
  const good = (): Program => ({
    name: "p",
    buffers: [
      buffer("a", "row", 2, "input"),
      buffer("b", "one", 4, "input"),
      buffer("c", "row", 2, "output"),
    ],
    tables: [],
    before: [
      {
        kind: "gemm",
        space: "row",
        out: at(2),
        a: at(0),
        b: at(1, "fixed"),
        k: 2,
        n: 2,
        transposeB: false,
        accumulate: false,
      },
    ],
    loop: [],
    after: [],
  });
  const change = (patch: object): Program => ({
    ...good(),
    before: [{ ...good().before[0]!, ...patch } as Instruction],
  });
  test("a good one passes", () => {
    expect(() => verifyProgram(good())).not.toThrow();
  });
  for (const [what, program, message] of [
    ["columns beyond the buffer", change({ n: 3 }), "columns 0..6 of b, which has 4"],
    ["a buffer that does not exist", change({ a: at(7) }), "no buffer 7"],
    ["rows of another space", change({ a: at(1) }), "rows of one (b) read as rows of row"],
    ["a fixed row of many", change({ b: at(0, "fixed") }), "columns 0..4 of a, which has 2"],
    ["a table that does not exist", change({ a: at(0, 3) }), "no row table 3"],
    ["a write to an input", change({ out: at(0) }), "writes the input a"],
    [
      "an order of more places than elements",
      {
        ...good(),
        buffers: [...good().buffers.slice(0, 2), buffer("c", "row", 3, "output", "int32")],
        before: [
          {
            kind: "order",
            space: "row",
            out: at(2),
            a: at(0),
            outer: 1,
            length: 2,
            inner: 1,
            count: 3,
            descending: false,
          },
        ],
      },
      "before[0] order: 3 places of 2 elements",
    ],
    [
      "sums along more columns than there are",
      {
        ...good(),
        before: [
          {
            kind: "cumulativeSum",
            space: "row",
            out: at(2),
            a: at(0),
            outer: 1,
            length: 3,
            inner: 1,
            reverse: false,
            accumulate: false,
          },
        ],
      },
      "before[0] cumulativeSum a: columns 0..3 of a, which has 2",
    ],
    ["an output that nothing writes", { ...good(), before: [] }, "output c is never written"],
  ] as const)
    test(what, () => {
      expect(() => verifyProgram(program)).toThrow(ProgramError);
      expect(() => verifyProgram(program)).toThrow(message);
    });
});
