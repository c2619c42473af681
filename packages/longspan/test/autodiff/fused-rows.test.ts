import { abs, add, grad, Key, max, mul, normal, onCpu, square, sum, tensor, type Value } from "longspan";
import { cast, defaultExecutor, fusedRows } from "longspan/engine";
import { describe, expect, it } from "vitest";

const list = (v: Value) => Array.from(onCpu(v).toArray());
const runsOf = (f: () => void) => {
  const before = defaultExecutor().statistics.executions;
  f();
  return defaultExecutor().statistics.executions - before;
};

describe("a function of rows as one program", () => {
  const scaled = (v: Value, factor: Value) => add(mul(v, factor), square(v));
  const squares = (v: Value, factor: Value) => sum(square(mul(v, factor)), -1);
  for (const dtype of ["float32", "float64"] as const)
    for (const shape of [[7], [3, 5], [2, 3, 4]])
      it(`gives what its ops give, one after the other: ${dtype} [${shape}]`, () => {
        const v = normal(Key.of(1), shape, dtype);
        const factor = cast(tensor(1.5), dtype);
        const elements = fusedRows("scaled", "elements", scaled);
        const rows = fusedRows("squares", "rows", squares);
        expect(runsOf(() => elements(v, factor))).toBe(1);
        expect(runsOf(() => rows(v, factor))).toBe(1);
        for (const [ours, plain] of [
          [elements(v, factor), scaled(v, factor)],
          [rows(v, factor), squares(v, factor)],
        ] as const) {
          expect([ours.shape, ours.dtype]).toEqual([plain.shape, plain.dtype]);
          list(ours).forEach((x, i) => {
            expect(x / list(plain)[i]!).toBeCloseTo(1, dtype === "float32" ? 6 : 14);
          });
        }
      });

  it("may give another type: squares that overflow float32", () => {
    const wide = fusedRows("wide", "rows", (v: Value) => sum(square(cast(v, "float64")), -1), "float64");
    const big = Math.fround(3e30);
    expect(
      list(
        wide(
          tensor([
            [3e30, 0],
            [0, 0],
          ]),
        ),
      ),
    ).toEqual([big * big, 0]);
  });

  it("is differentiated through its ops", () => {
    const rows = fusedRows("largest", "rows", (v: Value) => max(abs(v), -1));
    expect(
      list(
        grad((v: Value) => sum(rows(v)))(
          tensor([
            [1, -3],
            [2, 0],
          ]),
        ),
      ),
    ).toEqual([0, -1, 1, 0]);
  });
});
