// Instruction sets that fuse multiplications with additions give the same bits: which of them is chosen is a matter of speed only.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { binaryTreeLstm, executorReport, gru, lstm, softmax } from "longspan";
import {
  chain,
  defaultExecutor,
  executor,
  exp,
  fromArray,
  grad,
  Key,
  leaves,
  log,
  matmul,
  max,
  mul,
  normal,
  onCpu,
  sigmoid,
  sum,
  type Tensor,
  tanh,
  trees,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadNative } from "../packages/longspan/src/executors/native/index.js";
import { missing } from "./executors/rows.js";
import { lossOf, pointOf } from "./random-cells/compare.js";
import { randomSubject } from "./random-cells/generate.js";
import { runMap } from "./random-maps/compare.js";
import { randomMap } from "./random-maps/generate.js";

const numbers = (tree: unknown) => leaves(tree).map((v) => Array.from(onCpu(v as Value).toArray()));
const fused = ["avx512", "avx2"];
const lacking = missing("native") ?? fused.map((set) => loadNative(set).reason).find((r) => r !== undefined);

describe.skipIf(lacking !== undefined)(`avx512 and avx2 ${lacking ?? ""}`, () => {
  const before = defaultExecutor();
  let own = "";
  beforeAll(() => {
    own = executorReport()[0]!.detail.split(",")[0]!;
    useExecutor(executor("native"));
  });
  afterAll(() => {
    loadNative(own);
    useExecutor(before);
  });
  const sameBits = (f: () => unknown) => {
    const [one, other] = fused.map((set) => {
      loadNative(set);
      return numbers(f());
    });
    expect(other).toEqual(one);
  };

  for (const dtype of ["float32", "float64"] as const) {
    const drawn = (seed: number, ...shape: number[]) => normal(Key.of(seed), shape, dtype);

    test(`${dtype}: products of any shape, with their gradients`, () => {
      for (const [m, k, n] of [
        [1, 1, 1],
        [7, 300, 1],
        [5, 65, 2],
        [40, 29, 3],
        [1, 257, 64],
        [2, 600, 100],
        [13, 520, 71],
        [64, 64, 130],
        [133, 31, 17],
      ] as const) {
        const point = { a: drawn(m, m, k), b: drawn(n, k, n) };
        const weights = drawn(k, m, n);
        sameBits(() => [
          matmul(point.a, point.b),
          grad((p: typeof point) => sum(mul(matmul(p.a, p.b), weights)))(point),
        ]);
      }
    });

    test(`${dtype}: sums and maxima of rows of any length, also where zeros differ in sign`, () => {
      for (const n of [1, 3, 8, 15, 16, 31, 32, 33, 47, 63, 64, 65, 100, 129, 1000]) {
        const x = drawn(n, 3, n);
        const zeros = fromArray(
          Array.from({ length: n }, (_, i) => (i % 3 === 1 ? 0 : -0)),
          [1, n],
          dtype,
        );
        sameBits(() => [sum(x, -1), sum(x, 0), sum(x), max(x, -1), max(zeros, -1), softmax(x)]);
      }
    });

    test(`${dtype}: exp, log, tanh and the logistic function`, () => {
      const x = fromArray(
        Array.from({ length: 20_003 }, (_, i) => (i - 10_000) / 90),
        [20_003],
        dtype,
      );
      sameBits(() => [exp, tanh, sigmoid, log].map((f: (x: Tensor) => Value) => f(x)));
    });

    test(`${dtype}: values and gradients of cells on chains and trees`, () => {
      const tree = { children: [[1, 2], [3, 4], [], [], []] };
      for (const [input, hidden] of [
        [1, 1],
        [3, 5],
        [20, 33],
      ] as const)
        for (const [cell, structure] of [
          [lstm({ input, hidden }), chain([31, 4, 0, 12, 12])],
          [gru({ input, hidden }), chain([20, 3], { reverse: true })],
          [binaryTreeLstm({ input, hidden }), trees([tree, tree], { ports: ["left", "right"] })],
        ] as const) {
          const made = cell as ReturnType<typeof lstm>;
          const params = made.init(Key.of(1), dtype);
          const x = drawn(2, structure.nodes, input);
          sameBits(() =>
            valueAndGrad((p: typeof params) => sum(tanh(unfold(made, p, { x }, structure).output)))(params),
          );
        }
    });
  }

  test("60 random maps on matrices of each row", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const map = randomMap(seed, seed % 2 === 0 ? "float32" : "float64");
      const [one, other] = fused.map((set) => {
        loadNative(set);
        return runMap(map);
      });
      expect(other, `seed ${seed}`).toEqual(one);
    }
  });

  const cells = Number(process.env.LONGSPAN_RANDOM_CELLS ?? 1000) / 40;
  test(`${cells} random cells`, () => {
    for (let seed = 1; seed <= cells; seed++) {
      const subject = randomSubject(seed, { sets: seed % 2 === 0 });
      const f = lossOf(subject, "compiled") as (p: never) => Value;
      sameBits(() => valueAndGrad(f)(pointOf(subject) as never));
    }
  });
});

const objects = ["avx512", "avx2"].map((set) => ({
  set,
  file: fileURLToPath(new URL(`../packages/longspan/build/run-${set}.o`, import.meta.url)),
}));
const noLoops =
  spawnSync("objdump", ["--version"]).status !== 0
    ? "no objdump"
    : objects.every(({ file }) => existsSync(file))
      ? undefined
      : "the kernels for this processor's sets were not built";

describe.skipIf(noLoops !== undefined)(`the innermost loops of products ${noLoops ?? ""}`, () => {
  test.each(objects)("$set: sums stay in registers", ({ file }) => {
    const loops = loopsOf(
      execFileSync("objdump", ["-d", "--no-show-raw-insn", file], { encoding: "utf8", maxBuffer: 2 ** 28 }),
    );
    // Twelve sums and more, each in its register: blocks of rows by panels. A polynomial adds to one.
    const sums = (body: readonly string[]) =>
      new Set(body.flatMap((i) => /^vfmadd.*,(%[xyz]mm\d+)/.exec(i)?.[1] ?? []));
    const products = loops.filter((body) => sums(body).size >= 12);
    expect(products.length).toBeGreaterThanOrEqual(4);
    for (const body of products) expect(body.filter((i) => /^vmov\w+ +%[xyz]mm\d+,.*\(/.test(i))).toEqual([]);
  });
});

/** The instructions of each loop that has no jump inside. */
function loopsOf(listing: string): string[][] {
  const loops: string[][] = [];
  let body: { at: number; text: string }[] = [];
  for (const line of listing.split("\n")) {
    const [, address, text] = /^\s*([0-9a-f]+):\s+(.*)$/.exec(line) ?? [];
    if (address === undefined) {
      body = [];
      continue;
    }
    const [, target] = /^j\w+ +([0-9a-f]+)/.exec(text!) ?? [];
    if (target === undefined) {
      body.push({ at: Number.parseInt(address, 16), text: text! });
      continue;
    }
    const start = body.findIndex(({ at }) => at === Number.parseInt(target, 16));
    if (start >= 0) loops.push(body.slice(start).map((i) => i.text));
    body = [];
  }
  return loops;
}
