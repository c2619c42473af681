import {
  type Cell,
  chain,
  flowReport,
  fromArray,
  gru,
  Key,
  lstm,
  minimalGatedUnit,
  normal,
  powerNorms,
  rnn,
  spectralRadius,
  sum,
  type Tensor,
  unfold,
  type Value,
} from "longspan";
import { describe, expect, test } from "vitest";
import { rows } from "../nn/plain.js";

const sizes = { input: 2, hidden: 3 };

/** What the report says of a cell's matrices. */
async function powersOf(cell: Cell, change: (params: Record<string, Tensor>) => object = (p) => p) {
  const params = change(cell.init(Key.of(2), "float64") as Record<string, Tensor>) as Record<string, Tensor>;
  const x = normal(Key.of(1), [4, 2], "float64");
  const { layers } = await flowReport(
    (p) => {
      const { final } = unfold(cell, p as never, { x } as never, chain([4]));
      return sum((final as Record<string, Value>).h!);
    },
    params,
    { jacobians: 0, exponents: 0, weights: false },
  );
  return { params, powers: layers[0]!.powers };
}

describe("the powers of recurrent matrices in a flow report", () => {
  test("of a plain net: |W^t| and the radius of W, which is not normal", async () => {
    const W = [0.8, 6, 0, 0, -0.5, 2, 0.1, 0, 0.3];
    const { powers } = await powersOf(rnn(sizes), (p) => ({ ...p, W: fromArray(W, [3, 3], "float64") }));
    expect(powers.map(({ norms: _, radius: __, ...rest }) => rest)).toEqual([
      { param: "W", part: 0, parts: 1, units: 3 },
    ]);
    const norms = powerNorms(W, 3, 64);
    expect(powers[0]!.norms.map(({ t }) => t)).toEqual([1, 2, 4, 8, 16, 32, 64]);
    for (const { t, norm } of powers[0]!.norms) expect(norm / norms[t]!).toBeCloseTo(1, 10);
    expect(powers[0]!.radius).toBeCloseTo(spectralRadius(W, 3), 12);
  });

  test("of gates side by side: each by itself; through a gate too", async () => {
    const { params, powers } = await powersOf(gru(sizes) as Cell, (p) => ({
      ...p,
      W: normal(Key.of(5), [3, 6], "float64"),
    }));
    expect(powers.map(({ param, part, parts }) => [param, part, parts])).toEqual([
      ["W", 0, 2],
      ["W", 1, 2],
      ["Wtarget", 0, 1],
    ]);
    const second = rows(params.W!).flatMap((row) => row.slice(3, 6));
    expect(powers[1]!.norms[2]!.norm).toBeCloseTo(powerNorms(second, 3, 4)[4]!, 10);
    expect(powers[0]!.norms[0]!.norm).not.toBeCloseTo(powers[1]!.norms[0]!.norm, 3);
  });

  test("of what fits no powers: none", async () => {
    const projected = await powersOf(lstm({ ...sizes, projection: 2 }) as Cell);
    expect(projected.powers).toEqual([]);
    const large = await powersOf(rnn({ input: 2, hidden: 300 }));
    expect(large.powers).toEqual([]);
    const gated = await powersOf(minimalGatedUnit(sizes));
    expect(gated.powers.map(({ param }) => param)).toEqual(["W", "Wtarget"]);
  });
});
