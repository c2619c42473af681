import {
  allocationWeights,
  chain,
  dncMemory,
  followLinks,
  Key,
  mul,
  normal,
  onCpu,
  reshape,
  type Tensor,
  tensor,
  unfold,
  uniform,
  type Value,
} from "longspan";
import { describe, expect, test } from "vitest";
import { allocation, type DncSettings, newTwin, step } from "./memory/dnc-twin.js";
import { toldCell } from "./memory/told.js";

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const expectClose = (actual: Value, expected: readonly number[]) => {
  const got = numbers(actual);
  expect(got.length).toBe(expected.length);
  got.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i]!, 12);
  });
};

const settingsOf: readonly (DncSettings & { readonly readHeads: number })[] = [
  { readHeads: 1 },
  { readHeads: 3 },
  { readHeads: 2, maskedKeys: true },
  { readHeads: 2, deallocation: true },
  { readHeads: 2, sharpenedLinks: true },
  { readHeads: 2, maskedKeys: true, deallocation: true, sharpenedLinks: true },
];

describe.each(settingsOf)("a differentiable neural computer's memory, %o", (settings) => {
  const [rows, width, steps] = [6, 3, 9];
  const memory = dncMemory({ rows, width, ...settings });
  const cell = toldCell(memory as never);

  /** What a random program says at each step; the louder, the nearer gates are to 0 and 1. */
  const program = (seed: number, steps: number) =>
    mul(normal(Key.of(seed), [steps, memory.emits], "float64"), [1, 3, 9][seed % 3]!);
  const check = (x: Value, steps: number, loop: "compiled" | "plain", memory0?: Tensor) => {
    const initial = memory0 ? { memory: memory0 } : {};
    const { output, final } = unfold(cell, {}, { x }, chain([steps]), { loop, initial });
    const twin = newTwin(rows, width, settings.readHeads);
    if (memory0) twin.memory = twin.memory.map((_, i) => numbers(memory0).slice(i * width, (i + 1) * width));
    const told = numbers(x);
    const read = Array.from({ length: steps }, (_, t) =>
      step(twin, told.slice(t * memory.emits, (t + 1) * memory.emits), settings),
    );
    expectClose(output, read.flat());
    expectClose(final.memory!, twin.memory.flat());
    expectClose(final.readWeights!, twin.readWeights.flat());
    expectClose(final.writeWeights!, twin.writeWeights);
    expectClose(final.usage!, twin.usage);
    expectClose(final.precedence!, twin.precedence);
    expectClose(final.links!, twin.links.flat());
  };

  test.each(["compiled", "plain"] as const)("is its equations, %s", (loop) => {
    check(program(3, steps), steps, loop);
  });
  test("random programs of reads and writes are the twin's", () => {
    // From rows that differ: of rows that are alike but for rounding, rounding says which is the less used.
    for (let seed = 10; seed < 22; seed++)
      check(program(seed, seed), seed, "compiled", normal(Key.of(seed + 100), [1, rows, width], "float64"));
  });
});

describe("allocation", () => {
  const usages = [
    [0.3, 0.9, 0.1, 0.7, 0.5],
    [0, 0, 0, 0],
    [1, 1, 1],
    [0.5, 0.5, 0.2, 0.5, 0.2],
    [1, 0, 0.5, 0, 1],
    [0.25],
    Array.from({ length: 128 }, (_, i) => ((i * 37) % 128) / 128),
  ];
  test.each(usages.map((u) => [u]))("of %j is the sorted definition, bit for bit", (usage) => {
    expect(numbers(allocationWeights(tensor(usage, "float64")))).toEqual(allocation(usage));
  });
  test("of random usages, in cells of many rows too", () => {
    for (let seed = 0; seed < 50; seed++) {
      const usage = uniform(Key.of(seed), [1 + (seed % 17)], "float64");
      expect(numbers(allocationWeights(usage))).toEqual(allocation(numbers(usage)));
    }
  });
});

test("links of random programs: zero diagonal, from 0 to 1, rows and columns of sum 1 at most; so are usages and weights", () => {
  const rows = 7;
  const memory = dncMemory({ rows, width: 2, readHeads: 2 });
  const cell = toldCell(memory as never);
  for (let seed = 0; seed < 20; seed++) {
    const steps = 1 + seed;
    // Strong words: gates near 0 and 1, so that rows are freed, written to again, and linked sharply.
    const x = normal(Key.of(seed), [steps, memory.emits], "float64");
    const loud = tensor(
      Array.from({ length: steps }, (_, t) =>
        numbers(x)
          .slice(t * memory.emits, (t + 1) * memory.emits)
          .map((v) => v * (1 + (seed % 4) * 4)),
      ),
      "float64",
    );
    const { final } = unfold(cell, {}, { x: loud }, chain([steps]));
    const L = numbers(final.links!);
    const sums = (of: (i: number, k: number) => number) =>
      Array.from({ length: rows }, (_, i) =>
        Array.from({ length: rows }, (_, k) => L[of(i, k)]!).reduce((a, b) => a + b, 0),
      );
    for (let i = 0; i < rows; i++) expect(L[i * rows + i]).toBe(0);
    for (const v of [...L, ...numbers(final.usage!), ...numbers(final.writeWeights!)]) {
      expect(v).toBeGreaterThanOrEqual(-1e-15);
      expect(v).toBeLessThanOrEqual(1 + 1e-12);
    }
    for (const v of [...sums((i, k) => i * rows + k), ...sums((i, k) => k * rows + i)])
      expect(v).toBeLessThanOrEqual(1 + 1e-12);
    const weights = numbers(final.readWeights!);
    for (const head of [weights.slice(0, rows), weights.slice(rows)])
      expect(head.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1 + 1e-12);
    const all = tensor([new Array(rows).fill(1)], "float64");
    const { forward, backward } = followLinks(all, reshape(final.links!, [rows, rows]));
    expectClose(
      forward,
      sums((i, k) => i * rows + k),
    );
    expectClose(
      backward,
      sums((i, k) => k * rows + i),
    );
  }
});
