import { chain, globalGateGru, gru, Key, type ParamsOf, sharedGateGru, sigmoid, unfold } from "longspan";
import { fromArray } from "longspan/engine";
import { describe, expect, test } from "vitest";
import {
  difference,
  normals,
  numbers,
  sigmoid as plainSigmoid,
  product,
  randomLike,
  rows,
  type Vector,
} from "./plain.js";

const [input, hidden, steps] = [3, 4, 6];
const units = Array.from({ length: hidden }, (_, i) => i);
const column = (g: number, i: number) => g * hidden + i;

test("the chapter's indices, (10.45) to (10.47) as printed, are the GRU with x delayed by one step", () => {
  const cell = gru({ input, hidden, squash: sigmoid });
  const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2));
  const x = rows(normals(Key.of(3), steps, input));
  const h0 = normals(Key.of(4), 1, hidden);
  const [U, W, Wtarget, b] = [rows(params.U), rows(params.W), rows(params.Wtarget), numbers(params.b)];

  // As printed: u(t) and r(t) of x(t) and h(t), and h(t) of u, r, x and h at t - 1.
  const h: Vector[] = [numbers(h0)];
  const u: Vector[] = [];
  const r: Vector[] = [];
  const read = (t: number, g: number, i: number) => b[column(g, i)]! + product(x[t]!, U, column(g, i));
  for (let t = 0; t <= steps; t++) {
    if (t > 0)
      h[t] = units.map((i) => {
        const seen = h[t - 1]!.map((v, j) => r[t - 1]![j]! * v);
        const target = plainSigmoid(read(t - 1, 2, i) + product(seen, Wtarget, i));
        return u[t - 1]![i]! * h[t - 1]![i]! + (1 - u[t - 1]![i]!) * target;
      });
    if (t === steps) break;
    u[t] = units.map((i) => plainSigmoid(read(t, 0, i) + product(h[t]!, W, column(0, i))));
    r[t] = units.map((i) => plainSigmoid(read(t, 1, i) + product(h[t]!, W, column(1, i))));
  }

  // The cell at step t = 1, 2, ... reads x(t - 1).
  const delayed = fromArray(x.flat(), [steps, input], "float64");
  const { output } = unfold(cell, params, { x: delayed }, chain([steps]), { initial: { h: h0 } });
  expect(difference(numbers(output), h.slice(1).flat())).toBeLessThan(1e-14);
});

describe("gates of groups of units", () => {
  const x = normals(Key.of(1), steps, input);
  const run = (cell: ReturnType<typeof gru>, params: ParamsOf<ReturnType<typeof gru>["specs"]>) =>
    numbers(unfold(cell, params, { x }, chain([4, 2])).output);

  test("a gate for each group: the equations in plain numbers", () => {
    const groups = 2;
    const cell = sharedGateGru({ input, hidden, groups });
    const params = randomLike(cell.init(Key.of(2), "float64"), Key.of(3));
    const [U, W, Wtarget, b] = [rows(params.U), rows(params.W), rows(params.Wtarget), numbers(params.b)];
    const group = (i: number) => Math.floor((i * groups) / hidden);
    let h: Vector = units.map(() => 0);
    for (const xt of rows(x)) {
      const before = h;
      const gate = (at: number) => plainSigmoid(b[at]! + product(xt, U, at) + product(before, W, at));
      const seen = before.map((v, i) => gate(groups + group(i)) * v);
      h = units.map((i) => {
        const [u, at] = [gate(group(i)), 2 * groups + i];
        return u * before[i]! + (1 - u) * Math.tanh(b[at]! + product(xt, U, at) + product(seen, Wtarget, i));
      });
    }
    const { final } = unfold(cell, params, { x }, chain([steps]));
    expect(difference(numbers(final.h), h)).toBeLessThan(1e-12);
  });

  test("with a gate for each unit it is the GRU", () => {
    const params = randomLike(gru({ input, hidden }).init(Key.of(2), "float64"), Key.of(3));
    expect(
      numbers(unfold(sharedGateGru({ input, hidden, groups: hidden }), params, { x }, chain([4, 2])).output),
    ).toEqual(run(gru({ input, hidden }), params));
  });

  test("a global gate times a local one: closed for one group, it is replaced there, and open it is the GRU", () => {
    const params = randomLike(
      globalGateGru({ input, hidden, groups: 2 }).init(Key.of(2), "float64"),
      Key.of(3),
    );
    const { G: _, V: __, B: ___, ...own } = params;
    const outputAt = (B: number[]) =>
      numbers(
        unfold(
          globalGateGru({ input, hidden, groups: 2 }),
          { ...params, B: fromArray(B, [4], "float64") },
          { x },
          chain([4, 2]),
        ).output,
      );
    expect(difference(outputAt([60, 60, 60, 60]), run(gru({ input, hidden }), own))).toBeLessThan(1e-12);
    // Update gates of the first group shut, reset gates of all: its units are tanh(b + U x).
    const shut = outputAt([-800, 60, -800, -800]);
    const [U, b] = [rows(params.U), numbers(params.b)];
    const expected = rows(x).map((xt) =>
      [0, 1].map((i) => Math.tanh(b[column(2, i)]! + product(xt, U, column(2, i)))),
    );
    const first = Array.from({ length: steps }, (_, t) => [shut[t * hidden]!, shut[t * hidden + 1]!]);
    expect(difference(first.flat(), expected.flat())).toBeLessThan(1e-12);
  });

  test("says what does not fall into groups", () => {
    for (const make of [sharedGateGru, globalGateGru])
      expect(() => make({ input, hidden, groups: 3 })).toThrow(
        `${make.name}: 4 units do not fall into 3 groups of one size; make hidden a multiple of groups`,
      );
  });
});
