import {
  add,
  chain,
  defineCell,
  grad,
  Key,
  mul,
  normal,
  onCpu,
  square,
  sum,
  tanh,
  tensor,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { cells, type Slots } from "./cells.js";

const list = (v: Value) => Array.from(onCpu(v).toArray());
const loops = ["compiled", "plain"] as const;

describe.each(loops)("what a step makes of a new state sees a probe where it is formed, %s", (loop) => {
  test.each(cells.map((cell) => [cell.name, cell] as const))("%s: as finite differences say", (_, cell) => {
    const structure = chain([4, 2]);
    const params = cell.init(Key.of(1), "float64");
    const x = normal(Key.of(2), [6, ...(cell.inputs.x as readonly number[])], "float64");
    const zero = Object.fromEntries(
      Object.entries(cell.state).map(([slot, shape]) => [slot, zeros([6, ...shape], "float64")]),
    );
    const loss = (formed: Slots) => {
      const { output, states } = unfold(cell, params as never, { x }, structure, {
        probes: { formed },
        states: true,
        loop,
      });
      return [output, ...Object.values(states as Slots)]
        .map((v) => sum(square(add(v, 0.3))))
        .reduce((a, b) => add(a, b));
    };
    const gradients = grad(loss)(zero as never) as Slots;
    for (const slot of Object.keys(zero)) {
      const direction = normal(Key.of(3), zero[slot]!.shape, "float64");
      const along = (h: number) => list(loss({ ...zero, [slot]: mul(direction, h) }))[0]!;
      const slope = list(sum(mul(gradients[slot]!, direction)))[0]!;
      expect(slope).not.toBe(0);
      expect((along(1e-5) - along(-1e-5)) / 2e-5 / slope).toBeCloseTo(1, 6);
    }
  });
});

/** Keeps m, scaled by a, which depends on m; c is handed on as it was read, and d is what a is. */
const scaling = defineCell({
  name: "scaling",
  inputs: () => ({ x: [1] }),
  state: () => ({ a: [1], m: [1], c: [1], d: [1] }),
  params: () => ({}),
  step({ x, m, c }) {
    const a = tanh(add(m, x));
    return { state: { a, m: mul(a, m), c, d: a }, output: add(mul(a, 3), c) };
  },
})(undefined);
const at = { m: tensor([[2]], "float64"), c: tensor([[5]], "float64") };
const [x, a] = [tensor([[-1.5]], "float64"), Math.tanh(0.5)];

describe.each(loops)("slots of a step that is known, %s", (loop) => {
  test("the gradient where a value is formed goes by way of the other slots", () => {
    const g = grad((formed: Slots) => {
      const { final, output } = unfold(scaling, {}, { x }, chain([1]), {
        initial: at,
        probes: { formed },
        loop,
      });
      return add(sum(output), add(mul(sum(final.m), 10), mul(sum(final.c), 100)));
    })(
      Object.fromEntries(["a", "m", "c", "d"].map((slot) => [slot, zeros([1, 1], "float64")])) as never,
    ) as Slots;
    // a goes into the output and into m = a 2; what is handed on is formed where it is written.
    expect(["a", "m", "c", "d"].map((slot) => list(g[slot]!)[0])).toEqual([23, 10, 100, 23]);
  });

  test("what is held passes no gradient on to what it was formed from", () => {
    const of = { m: tensor([[1]], "float64") };
    const pulled = (held: readonly "a"[]) =>
      list(
        unfold(scaling, {}, { x }, chain([1]), { initial: at, pullback: { of }, probes: { held }, loop })
          .pullback!.m,
      )[0]!;
    expect(pulled(["a"])).toBe(a);
    expect(pulled([])).toBeCloseTo(a + 2 * (1 - a * a), 14);
  });

  test("values are what they are without probes", () => {
    const run = (probes: object) => unfold(scaling, {}, { x }, chain([1]), { initial: at, probes, loop });
    expect(list(run({ held: ["a", "m"] }).final.m)).toEqual(list(run({}).final.m));
  });
});

test("slots that a cell does not have are named", () => {
  expect(() => unfold(scaling, {}, { x }, chain([1]), { probes: { held: ["q"] as never } })).toThrow(
    'unfold scaling: probe "q" is not a slot of the cell (slots: a, m, c, d)',
  );
  expect(() => unfold(scaling, {}, { x }, chain([1]), { probes: { held: "a" as never } })).toThrow(
    "unfold scaling: probes.held is",
  );
});
