import {
  add,
  attend,
  chain,
  defineCell,
  full,
  gather,
  glorot,
  grad,
  Key,
  matmul,
  mul,
  multiplicativeAddressing,
  normal,
  normalInit,
  onCpu,
  type ParamsOf,
  recurrent,
  reshape,
  type Structure,
  sum,
  tanh,
  tensor,
  trees,
  unfold,
  type Value,
  valueAndGradPerExample,
} from "longspan";
import { describe, expect, test } from "vitest";

/** A cell one slot of which starts from a parameter, another from a constant, and a third from zeros. */
const cell = defineCell({
  name: "starting",
  inputs: () => ({ x: [2] }),
  state: () => ({ h: [3], m: [2, 3], z: [3] }),
  params: () => ({ W: glorot(3, 3), U: glorot(2, 3), h0: normalInit(1, 3) }),
  start: ({ h0 }) => ({ h: h0, m: 0.25 }),
  step({ x, h, m, z }, { W, U }) {
    const next = tanh(add(add(matmul(h, W), matmul(x, U)), sum(m, 0)));
    return { state: { h: next, m: mul(m, add(next, 0.5)), z: add(z, h) }, output: add(next, z) };
  },
})(undefined);

const structure = chain([3, 0, 1, 2]);
const params = cell.init(Key.of(1), "float64");
const x = normal(Key.of(2), [6, 2], "float64");
const numbers = (v: Value) => Array.from(onCpu(v).toArray());
type Params = ParamsOf<typeof cell.specs>;

/** The same unfold with the state that it starts from given by hand. */
const byHand = (p: Params) => ({
  h: add(full([4, 3], 0, "float64"), p.h0),
  m: full([4, 2, 3], 0.25, "float64"),
});

function total(output: Value, final: { readonly h: Value; readonly m: Value; readonly z: Value }): Value {
  return add(
    sum(mul(output, output)),
    add(sum(mul(final.m, final.m)), add(sum(final.h), sum(mul(final.z, 3)))),
  );
}

describe("a cell that says where it starts", () => {
  test("runs as with that state given, in value and gradient, whatever the backward mode and the loop", () => {
    for (const loop of ["compiled", "plain"] as const)
      for (const backward of [
        { kind: "full" },
        { kind: "truncated", every: 2 },
        { kind: "checkpointed" },
      ] as const) {
        if (loop === "plain" && backward.kind === "checkpointed") continue;
        const loss = (own: boolean) => (p: Params) => {
          const options = { loop, backward, ...(own ? {} : { initial: byHand(p) }) };
          const { output, final } = unfold(cell, p, { x }, structure, options);
          return total(output, final);
        };
        expect(numbers(loss(true)(params))).toEqual(numbers(loss(false)(params)));
        const [own, given] = [grad(loss(true))(params), grad(loss(false))(params)];
        for (const name of ["W", "U", "h0"] as const)
          numbers(own[name]).forEach((g, i) => {
            expect(g).toBeCloseTo(numbers(given[name])[i]!, 12);
          });
        expect(Math.abs(numbers(own.h0)[0]!)).toBeGreaterThan(0.01);
      }
  });

  test("hands its start on where a sequence has no step, and gives way to an initial state", () => {
    const { final } = unfold(cell, params, { x }, structure);
    expect(numbers(final.h).slice(3, 6)).toEqual(numbers(params.h0));
    expect(numbers(final.m).slice(6, 12)).toEqual(Array(6).fill(0.25));
    expect(numbers(final.z).slice(3, 6)).toEqual([0, 0, 0]);
    const initial = { m: full([4, 2, 3], 9, "float64") };
    const left = { m: undefined } as never;
    expect(numbers(unfold(cell, params, { x }, structure, { initial: left }).final.m)).toEqual(
      numbers(final.m),
    );
    expect(numbers(unfold(cell, params, { x }, structure, { initial }).final.m).slice(6, 12)).toEqual(
      Array(6).fill(9),
    );
    expect(numbers(unfold(cell, params, { x }, structure, { initial }).final.h).slice(3, 6)).toEqual(
      numbers(params.h0),
    );
  });

  test("has a gradient per example", () => {
    const losses = (over: Structure) => (p: Params, at: Value) => {
      const { output, final } = unfold(cell, p, { x: at }, over);
      return add(
        over.sumPerSequence(sum(mul(output, output), 1)),
        sum(mul(reshape(final.h, [-1, 1, 3]), final.m), [1, 2]),
      );
    };
    const batch = chain([2, 1]);
    const both = normal(Key.of(3), [3, 2], "float64");
    const { grads } = valueAndGradPerExample(losses(batch))(params, both);
    for (const [s, steps] of [2, 1].entries()) {
      const rows = Array.from(batch.rowsOf(s));
      const alone = gather(both, tensor(rows, "int32"));
      const expected = grad((p: Params) => sum(losses(chain([steps]))(p, alone)))(params);
      numbers(expected.h0).forEach((g, i) => {
        expect(numbers(grads[s]!.h0)[i]).toBeCloseTo(g, 12);
      });
    }
  });

  test("streams from its start, and begins there again", () => {
    const layer = recurrent(cell);
    const stream = layer.stream(params, { sequences: 2 });
    const { output } = layer.apply(
      params,
      tensor(
        [
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ],
        "float64",
      ),
      chain([2, 2]),
    );
    const wanted = numbers(output);
    const run = () => [...stream.step([1, 2, 3, 4]), ...stream.step([5, 6, 7, 8])];
    const first = run();
    first.forEach((v, i) => {
      expect(v).toBeCloseTo(wanted[i]!, 12);
    });
    stream.select([1, 0]);
    stream.reset();
    expect(run()).toEqual(first);
    stream.state = {};
    expect(run()).toEqual(first);
    stream.reset();
    expect(numbers(stream.state.h).slice(3)).toEqual(numbers(params.h0));
    stream.dispose();
  });

  test("starts so as a part of another cell", () => {
    const attending = attend(() => cell as never, {
      input: 1,
      hidden: 3,
      source: 1,
      query: "z",
      addressing: multiplicativeAddressing(),
    });
    const own = attending.init(Key.of(1), "float64");
    const { h, m, ...others } = attending.start(own as never, "float64") as Record<string, Value>;
    expect(numbers(h!)).toEqual(numbers((own.cell as Params).h0));
    expect(numbers(m!)).toEqual(Array(6).fill(0.25));
    expect(others).toEqual({});
  });
});

test("a start that does not fit the state is refused", () => {
  const withStart = (start: unknown) =>
    defineCell({
      name: "faulty",
      inputs: () => ({}),
      state: () => ({ h: [2] }),
      params: () => ({}),
      start: start as () => object,
      step: ({ h }) => ({ state: { h }, output: h }),
    })(undefined);
  const run = (start: unknown) => () => unfold(withStart(start), {}, {}, chain([1]));
  expect(run(() => ({ k: 1 }))).toThrow(
    'cell faulty: its start has "k", which is not a slot of the state (slots: h)',
  );
  expect(run(() => ({ h: tensor([1, 2, 3]) }))).toThrow(
    'cell faulty: its start has "h" as float32 [3], expected float32 [2]: the shape of the slot, since all sequences start alike',
  );
  expect(run(() => ({ h: "one" }))).toThrow(
    'cell faulty: its start has "h" as "one", expected a value or a number',
  );
  expect(run(() => null)).toThrow("cell faulty: its start gives null, expected values by slot");
  expect(() => withStart(3)).toThrow("defineCell: cell faulty: start");
});

test("a start is refused over trees, whose leaves read nothing", () => {
  expect(() =>
    unfold(cell, params, { x: normal(Key.of(1), [1, 2], "float64") }, trees([{ children: [[]] }])),
  ).toThrow(
    "unfold starting: the cell says what its sequences start from, and the structure has no sources; nodes of trees and graphs that read nothing start from zeros",
  );
});
