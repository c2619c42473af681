import { add, allOps, mul, type Value } from "longspan/engine";
import { expect, test } from "vitest";
import { differenceError, failuresOf } from "./random-cells/compare.js";
import { randomSubject } from "./random-cells/generate.js";

const tanhOp = allOps.find((op) => op.name === "tanh")!;
const total = Number(process.env.LONGSPAN_RANDOM_CELLS ?? 1000);
const first = Number(process.env.LONGSPAN_RANDOM_SEED ?? 1);

test(`${total} random cells over random structures: compiled equals the plain loop in value, gradient and Hessian-vector product`, () => {
  const { failures, seen } = failuresOf((seed) => randomSubject(seed), { first, total });
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
    "delays",
    "delayedPorts",
    "arity",
    "grid",
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
