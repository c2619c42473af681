import { add, allOps, mul, type Value } from "longspan/engine";
import { expect, test } from "vitest";
import { compare, differenceError, innerProductError } from "./random-cells/compare.js";
import { randomSubject } from "./random-cells/generate.js";

const tanhOp = allOps.find((op) => op.name === "tanh")!;
const total = Number(process.env.LONGSPAN_RANDOM_CELLS ?? 1000);
const first = Number(process.env.LONGSPAN_RANDOM_SEED ?? 1);

test(`${total} random cells over random structures: compiled equals the plain loop in value, gradient and Hessian-vector product`, () => {
  const seen = new Map<string, number>();
  const failures: string[] = [];
  for (let seed = first; seed < first + total && failures.length < 5; seed++) {
    try {
      const subject = randomSubject(seed);
      for (const f of subject.features) seen.set(f, (seen.get(f) ?? 0) + 1);
      // Every tenth smooth cell is also held against central differences, which know nothing of our rules.
      if (subject.smooth && seed % 10 === 0) {
        const error = differenceError(subject);
        if (!(error < 1e-6)) failures.push(`seed ${seed}: ${error} away from central differences`);
      }
      if (seed % 10 === 0) {
        const error = innerProductError(subject);
        if (!(error < 1e-11)) failures.push(`seed ${seed}: <Jv, w> and <v, J'w> differ by ${error}`);
      }
      for (const c of compare(subject))
        if (!(c.value < 1e-12 && c.gradient < 1e-12 && c.hessian < 1e-12))
          failures.push(`seed ${seed} (${subject.features.join()}): ${JSON.stringify(c)}`);
    } catch (error) {
      failures.push(
        `seed ${seed}: ${error instanceof Error ? error.stack?.split("\n").slice(0, 5).join("\n") : error}`,
      );
    }
  }
  expect(failures).toEqual([]);
  // Every feature of the generator took part.
  for (const f of [
    "chain",
    "reversed",
    "binary",
    "childSum",
    "shared",
    "slots",
    "rank2",
    "tied",
    "edge",
    "dropout",
    "gather",
    "sums",
    "sharedInput",
    "operation",
    "messages",
    "edgeAttention",
    "edgeInput",
    "target",
  ])
    expect(seen.get(f) ?? 0, f).toBeGreaterThan(total / 100);
}, 1_200_000);

test("a wrong derivative rule is found", () => {
  const right = tanhOp.jvp;
  // biome-ignore lint/suspicious/noExplicitAny: the record is made writable for this test only.
  const record = tanhOp as any;
  let wrong = 0;
  let checked = 0;
  try {
    // The sign slip of (10.21) in some copies: 1 + h^2 in place of 1 - h^2.
    record.jvp = ({ outputs: [y] }: { outputs: Value[] }, [t]: (Value | undefined)[]) => [
      t && mul(t, add(1, mul(y!, y!))),
    ];
    // Seeds beyond those of the other test: their derived cells are not in any cache.
    for (let seed = first + total; checked < 5; seed++) {
      const subject = randomSubject(seed);
      if (!subject.smooth) continue;
      checked += 1;
      if (!(differenceError(subject) <= 1e-6)) wrong += 1;
    }
  } finally {
    record.jvp = right;
  }
  expect(wrong).toBe(checked);
});
