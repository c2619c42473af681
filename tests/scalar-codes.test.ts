// Every scalar code on every executor, against its meaning in double precision: over all of float32, what lies at its edges
// included, within the error that the table of codes states.
import { existsSync, readFileSync } from "node:fs";
import {
  type BinaryCode,
  type BinaryRow,
  binaryCodes,
  type DType,
  defaultExecutor,
  fromArray,
  type MapOp,
  onCpu,
  type Program,
  type UnaryCode,
  type UnaryRow,
  unaryCodes,
  useExecutor,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodingHeader, instructionsHeader } from "../packages/longspan/kernels/generate.mjs";
import * as numbers from "../packages/longspan/src/lower/enumerations.js";
import { executorOf, executorRows, missing } from "./executors/rows.js";

/** The results of some map operations on one number per row. */
function computed(
  inputs: readonly (readonly number[])[],
  dtype: DType,
  result: DType,
  code: MapOp[],
): number[] {
  const n = inputs.length;
  const out = code.at(-1) as { readonly out: number };
  const registers = [
    ...inputs.map(() => ({ shape: [], dtype })),
    ...code.map((_, i) => ({ shape: [], dtype: i === code.length - 1 ? result : dtype })),
  ];
  const view = (buffer: number) => ({ buffer, offset: 0, rows: "same" as const });
  const program: Program = {
    name: "codes",
    buffers: [...inputs.map(() => dtype), result].map((type, i) => ({
      name: `b${i}`,
      dtype: type,
      space: "row",
      columns: 1,
      role: i < n ? "input" : "output",
    })),
    tables: [],
    before: [
      {
        kind: "map",
        space: "row",
        registers,
        code: [
          ...inputs.map((_, i): MapOp => ({ op: "load", out: i, view: view(i) })),
          ...code,
          { op: "store", input: out.out, view: view(n) },
        ],
      },
    ],
    loop: [],
    after: [],
  };
  const rows = inputs[0]!.length;
  const tensors = inputs.map((list) => fromArray(list, [rows], dtype));
  const to = fromArray(new Array<number>(rows).fill(7), [rows], result);
  const executor = defaultExecutor();
  executor.run(
    executor.compile(program),
    { counts: { one: 1, row: rows }, levels: 0, levelRows: {}, headRows: 0, tables: [] },
    [...tensors, to].map((t) => t.binding()),
  );
  return Array.from(onCpu(to).toArray());
}

/** Every 16384th float32, about: each exponent with some mantissas, both signs, subnormal numbers, infinities and NaN. */
const spread = new Int32Array(1 << 18);
for (let i = 0; i < spread.length; i++) spread[i] = i * 16384 + ((i * 2654435761) >>> 18);
const edges = [
  ...[
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1,
    -1,
    0.5,
    2 ** -149,
    -(2 ** -149),
  ],
  ...[2 ** -126, 3.4028234663852886e38, -3.4028234663852886e38, 88.72, -103.97, 1e-8, -1e-8, 2 ** 24, 1e30],
];
const singles = [...new Float32Array(spread.buffer), ...edges].map(Math.fround);
const some = singles.filter((_, i) => i % 8 === 0);
/** Each edge with each, and neighbours of all magnitudes. */
const pairs = [
  ...edges.flatMap((a) => edges.map((b) => [Math.fround(a), Math.fround(b)] as const)),
  ...some.map((a, i) => [a, singles[(i * 7919 + 13) % singles.length]!] as const),
  ...some.map((a) => [a, Math.fround(a * 1.0000002)] as const),
];
const integers = [0, 1, -1, 2, -7, 12345, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)];

/** The distance from |x| to the next number of a type. */
function spacing(x: number, dtype: "float32" | "float64"): number {
  const [digits, least] = dtype === "float32" ? [23, -149] : [52, -1074];
  const exponent = Math.floor(
    Math.log2(Math.min(Math.abs(x), dtype === "float32" ? 3.4e38 : Number.MAX_VALUE)),
  );
  return Math.max(2 ** least, 2 ** (exponent - digits));
}

/** The largest error in units in the last place, and where. What has no finite value must be met exactly. */
function worstOf(
  got: readonly number[],
  wanted: readonly number[],
  dtype: "float32" | "float64",
): { ulp: number; at: number } {
  let [ulp, at] = [0, 0];
  wanted.forEach((w, i) => {
    const g = got[i]!;
    const rounded = dtype === "float32" ? Math.fround(w) : w;
    if (rounded === g || (Number.isNaN(rounded) && Number.isNaN(g))) return;
    const finite = Number.isFinite(w) && Number.isFinite(g);
    const error = finite ? Math.abs(g - w) / spacing(w, dtype) : edge(w, g, dtype);
    if (error > ulp) [ulp, at] = [error, i];
  });
  return { ulp, at };
}

/** Where one is finite and the other is not: how far the finite one lies from where overflow begins. */
function edge(w: number, g: number, dtype: "float32" | "float64"): number {
  const limit = dtype === "float32" ? 2 ** 128 : Number.POSITIVE_INFINITY;
  if (Number.isNaN(w) || Number.isNaN(g) || Math.sign(w) !== Math.sign(g)) return Number.POSITIVE_INFINITY;
  const finite = Number.isFinite(g) ? g : w;
  return Math.abs(limit - Math.abs(finite)) / spacing(limit, dtype);
}

/** What float32 has not: digits of double precision, around one and where exponentials become subnormal, zero or infinite. */
const doubles = Array.from({ length: 20000 }, (_, i) => {
  const u = (i * 0.6180339887498949) % 1;
  const sign = i % 2 ? 1 : -1;
  return sign * [u * 2, u * 40, 690 + u * 60, 10 ** (-300 * u)][(i >> 1) % 4]!;
});

/** Double precision comes from the host's maths library: its functions may differ from the engine's by this much. */
const doubleUlp = 4;

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    for (const [code, row] of Object.entries(unaryCodes) as [UnaryCode, UnaryRow][]) {
      const apply = (list: readonly number[], dtype: DType) =>
        computed([list], dtype, dtype, [{ op: "unary", code, out: 1, a: 0 }]);
      test(`${code}: within ${row.ulp} units in the last place of float32`, () => {
        const wanted = singles.map((x) => row.of(x));
        const { ulp, at } = worstOf(apply(singles, "float32"), wanted, "float32");
        // Zeros have the meaning's sign.
        for (const zero of [0, -0]) expect(apply([zero], "float32")).toEqual([Math.fround(row.of(zero))]);
        expect(ulp, `${code}(${singles[at]})`).toBeLessThanOrEqual(row.ulp);
      });
      test(`${code}: the meaning, in double precision`, () => {
        const all = [...singles, ...doubles];
        const wanted = all.map((x) => row.of(x));
        const { ulp, at } = worstOf(apply(all, "float64"), wanted, "float64");
        expect(ulp, `${code}(${all[at]})`).toBeLessThanOrEqual(row.ulp === 0 ? 0 : doubleUlp);
      });
      if (row.takes !== "floats")
        test(`${code}: of integers`, () => {
          expect(apply(integers, "int32")).toEqual([...Int32Array.from(integers, (x) => row.of(x))]);
        });
    }

    for (const [code, row] of Object.entries(binaryCodes) as [BinaryCode, BinaryRow][]) {
      const apply = (list: readonly (readonly [number, number])[], dtype: DType) =>
        computed(
          [list.map(([a]) => a), list.map(([, b]) => b)],
          dtype,
          row.result === "int32" ? "int32" : dtype,
          [{ op: "binary", code, out: 2, a: 0, b: 1 }],
        );
      for (const dtype of ["float32", "float64"] as const)
        test(`${code}: within ${row.ulp} units in the last place of ${dtype}`, () => {
          const wanted = pairs.map(([a, b]) => row.of(a, b));
          const { ulp, at } = worstOf(apply(pairs, dtype), wanted, dtype);
          expect(ulp, `${code}(${pairs[at]})`).toBeLessThanOrEqual(row.ulp);
        });
      if (row.takes !== "floats")
        test(`${code}: of integers`, () => {
          const all = integers.flatMap((a) => integers.map((b) => [a, b] as const));
          expect(apply(all, "int32")).toEqual([...Int32Array.from(all, ([a, b]) => row.of(a, b))]);
        });
    }

    test("what the kernels join from several operations is what these give", () => {
      const x = singles.filter((v) => Math.abs(v) < 4);
      const g = x.map((_, i) => Math.fround(Math.sin(i)));
      const one: MapOp = { op: "constant", out: 2, value: 1 };
      const mul = (out: number, a: number, b: number): MapOp => ({ op: "binary", code: "mul", out, a, b });
      const less = (out: number, a: number, b: number): MapOp => ({ op: "binary", code: "sub", out, a, b });
      for (const [what, code, of] of [
        ["1 - x", [one, less(3, 2, 0)], (v: number) => 1 - v],
        ["1 - x^2", [one, mul(3, 0, 0), less(4, 2, 3)], (v: number) => 1 - v * v],
        ["x (1 - x)", [one, less(3, 2, 0), mul(4, 0, 3)], (v: number) => v * (1 - v)],
        [
          "g x (1 - x)",
          [one, less(3, 2, 0), mul(4, 0, 3), mul(5, 1, 4)],
          (v: number, h: number) => h * (v * (1 - v)),
        ],
        [
          "g (1 - x^2)",
          [one, mul(3, 0, 0), less(4, 2, 3), mul(5, 1, 4)],
          (v: number, h: number) => h * (1 - v * v),
        ],
      ] as const) {
        const got = computed([x, g], "float32", "float32", [...code]);
        const errors = got.map((y, i) => Math.abs(y - of(x[i]!, g[i]!)));
        const worst = errors.reduce((m, e) => (e <= m ? m : e), 0);
        // Each step is rounded to the spacing of numbers below 32 at most.
        expect(worst, `${what} at ${x[errors.indexOf(worst)]}`).toBeLessThan(2 ** -18);
      }
    });
  });

const headers = { "encoding.h": encodingHeader, "instructions.h": instructionsHeader };
for (const [name, text] of Object.entries(headers)) {
  const file = new URL(`../packages/longspan/build/generated/${name}`, import.meta.url);
  test.skipIf(!existsSync(file))(
    `${name}: the kernels were built from these tables (skipped where none were)`,
    () => {
      expect(readFileSync(file, "utf8")).toBe(text(numbers));
    },
  );
}

test("erf: the values of C's maths library", () => {
  for (const [x, wanted] of [
    [1e-300, 1.1283791670955126e-300],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [0.9999, 0.8426592780487595],
    [1.0, 0.8427007929497149],
    [1.5, 0.9661051464753108],
    [2.0, 0.9953222650189527],
    [2.75, 0.9998993780778803],
    [4.0, 0.9999999845827421],
    [5.5, 0.9999999999999927],
  ] as const) {
    expect(
      Math.abs(unaryCodes.erf.of(x) - wanted) / spacing(wanted, "float64"),
      `erf(${x})`,
    ).toBeLessThanOrEqual(2);
    expect(unaryCodes.erf.of(-x)).toBe(-unaryCodes.erf.of(x));
  }
  expect([0, -0, 6, -1e300, Number.NaN].map(unaryCodes.erf.of)).toEqual([0, -0, 1, -1, Number.NaN]);
});
