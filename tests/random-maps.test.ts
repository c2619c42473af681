import { executor, useExecutor } from "longspan";
import { defaultExecutor } from "longspan/engine";
import { afterAll, describe, expect, test } from "vitest";
import { assignStorage } from "../packages/longspan/src/lower/assign-storage.js";
import { flattenMap } from "../packages/longspan/src/lower/flatten-map.js";
import { joinPatterns } from "../packages/longspan/src/lower/join-patterns.js";
import { findNests } from "../packages/longspan/src/lower/nests.js";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { runMap } from "./random-maps/compare.js";
import { randomMap } from "./random-maps/generate.js";

const total = Number(process.env.LONGSPAN_RANDOM_MAPS ?? 300);

const before = defaultExecutor();
afterAll(() => useExecutor(before));

for (const { name } of executorRows)
  if (name !== "reference")
    describe.skipIf(missing(name) !== undefined)(
      `${name}${missing(name) ? ` (${missing(name)})` : ""}`,
      () => {
        for (const [dtype, tolerance] of [
          ["float64", 1e-12],
          ["float32", 2e-5],
        ] as const)
          test(`${total} random maps on matrices of each row, ${dtype}: as the reference executor has them`, () => {
            const wrong: string[] = [];
            for (let seed = 1; seed <= total; seed++) {
              const map = randomMap(seed, dtype);
              useExecutor(executor("reference"));
              const expected = runMap(map);
              useExecutor(executorOf(name));
              const found = runMap(map);
              expected.forEach((numbers, b) => {
                const largest = numbers.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
                const off = numbers.reduce((m, x, i) => Math.max(m, Math.abs(x - found[b]![i]!)), 0);
                if (!(off <= tolerance * largest))
                  wrong.push(`seed ${seed}, buffer ${b}: ${off} of ${largest}`);
              });
            }
            expect(wrong).toEqual([]);
          });
      },
    );

test("the maps take part in nests of every operation that there is", () => {
  const seen = new Set<string>();
  let most = 0;
  for (let seed = 1; seed <= total; seed++) {
    const [map] = randomMap(seed, "float32").program.before;
    if (map?.kind !== "map") continue;
    const { ops } = assignStorage(findNests(joinPatterns(flattenMap(map))), false);
    const nests = ops.flatMap((op) => (op.op === "nest" ? [op] : []));
    most = Math.max(most, nests.length);
    for (const nest of nests) for (const op of nest.body) seen.add(op.op);
  }
  expect([...seen].sort()).toEqual([
    "addLines",
    "addScaledLines",
    "binary",
    "dotAll",
    "dotLines",
    "mulAdd",
    "mulAddLines",
    "ofSum",
    "ofSumOfTwo",
    "scale",
    "scaleLines",
    "select",
    "spreadLines",
    "sumLines",
    "unary",
  ]);
  expect(most).toBeGreaterThan(2);
});
