import { binaryTreeLstm, dropoutInCell, glorot, gru, lstm, recurrent } from "longspan";
import {
  add,
  chain,
  concat,
  defineCell,
  type InputSpecs,
  Key,
  leafEntries,
  matmul,
  mul,
  normal,
  onCpu,
  type Structure,
  setSoftmax,
  setSum,
  sigmoid,
  slice,
  sub,
  sum,
  tanh,
  tensor,
  trees,
  unfold,
  type Value,
  zeros,
} from "longspan/engine";
import { describe, expect, test } from "vitest";
import { compare, differenceError } from "./random-cells/compare.js";
import type { Subject } from "./random-cells/generate.js";

const [I, H] = [3, 4];
const inner = gru({ input: I, hidden: H });
const upper = lstm({ input: H, hidden: 2 });

/** A transition made deep: the old state goes through a layer before the GRU reads it. */
const deepTransition = defineCell({
  name: "deepTransition",
  inputs: () => ({ x: [I] }),
  state: () => ({ h: [H] }),
  params: () => ({ inner: inner.specs, W: glorot(H, H) }),
  step: ({ x, h }, { inner: own, W }) => inner.step({ x, h: tanh(matmul(h, W)) }, own),
})(undefined);

/** Two cells one above the other within one step, each with its own state. */
const twoLevels = defineCell({
  name: "twoLevels",
  inputs: () => ({ x: [I] }),
  state: () => ({ low: [H], h: [2], s: [2] }),
  params: () => ({ levels: [inner.specs, upper.specs] as const }),
  step({ x, low, h, s }, { levels: [first, second] }) {
    const below = inner.step({ x, h: low }, first);
    const above = upper.step({ x: below.output, h, s }, second);
    return {
      state: { low: below.state.h, ...above.state },
      output: add(above.output, slice(below.output, 0, 0, 2)),
    };
  },
})(undefined);

const joined = gru({ input: I + H, hidden: H });

/** What a part may read: sets, draws, its position. */
const attention = defineCell({
  name: "attention",
  inputs: () => ({ query: [H] }),
  sets: () => ({ source: { key: [H] } }),
  state: () => ({}),
  params: () => ({ W: glorot(H, H) }),
  step({ query, source }, { W }, context) {
    const weights = setSoftmax(sum(mul(matmul(query, W), source.key)));
    return { state: {}, output: dropoutInCell(setSum(mul(weights, source.key)), 0.3, context) };
  },
})(undefined);
const decoder = defineCell({
  name: "decoder",
  inputs: () => ({ x: [I] }),
  sets: () => ({ source: { key: [H] } }),
  state: () => ({ h: [H] }),
  params: () => ({ attention: attention.specs, cell: joined.specs }),
  step({ x, h, source }, params, context) {
    const { output } = attention.step({ query: h, source }, params.attention, context);
    return joined.step({ x: concat([x, output]), h }, params.cell);
  },
});

/** A part with ports in a cell with ports. */
const tree = binaryTreeLstm({ input: I, hidden: H });
const gatedTree = defineCell({
  name: "gatedTree",
  inputs: () => ({ x: [I] }),
  state: () => ({ h: [H], s: [H] }),
  ports: ["left", "right"],
  params: () => ({ tree: tree.specs, G: glorot(I, H) }),
  step({ x, left, right }, { tree: own, G }) {
    const { state } = tree.step({ x, left, right } as never, own);
    const h = mul(sigmoid(matmul(x, G)), state.h);
    return { state: { ...state, h }, output: h };
  },
})(undefined);

function subjectOf(
  // biome-ignore lint/suspicious/noExplicitAny: cells of all kinds.
  cell: any,
  structure: Structure,
  seed: number,
  more: Record<string, unknown> = {},
): Subject {
  return {
    seed,
    cell,
    structure,
    params: cell.init(Key.of(1), "float64"),
    inputs: { x: normal(Key.of(2), [structure.nodes, I], "float64"), ...more } as Subject["inputs"],
    initial: {},
    smooth: true,
    features: [],
  };
}

const subjects = {
  "a transition made deep": subjectOf(deepTransition, chain([4, 0, 2]), 901),
  "two cells one above the other": subjectOf(twoLevels, chain([3, 2]), 902),
  "a decoder made of attention and a cell": subjectOf(
    decoder(undefined),
    chain([3, 1]).withSets({ source: [2, 3] }),
    903,
    { source: { key: normal(Key.of(3), [5, H], "float64") } },
  ),
  "a cell with ports": subjectOf(
    gatedTree,
    trees([{ children: [[1, 2], [], [3, 4], [], []] }], { ports: ["left", "right"] }),
    904,
  ),
};

describe("cells made of cells", () => {
  for (const [what, subject] of Object.entries(subjects))
    test(`${what}: compiled equals the plain loop, and central differences`, () => {
      for (const c of compare(subject))
        expect(Math.max(c.value, c.gradient, c.hessian), `${c.mode} ${c.where}`).toBeLessThan(1e-12);
      expect(differenceError(subject)).toBeLessThan(1e-6);
    });

  test("a step within a step is what its equations are, written out: the same graph", () => {
    const written = defineCell({
      name: "deepTransition",
      inputs: () => ({ x: [I] }),
      state: () => ({ h: [H] }),
      params: () => ({ inner: inner.specs, W: glorot(H, H) }),
      step: ({ x, h }, { inner: own, W }) =>
        inner.definition.step({ x, h: tanh(matmul(h, W)) } as never, own as never, {} as never) as never,
    })(undefined);
    expect(deepTransition.trace("float32").graph).toBe(written.trace("float32").graph);
  });

  test("parameters nest, by name and by place in a list", () => {
    const paths = leafEntries(twoLevels.init(Key.of(1))).map(([path]) => path);
    const lower = leafEntries(inner.init(Key.of(1))).map(([path]) => `levels[0].${path}`);
    const higher = leafEntries(upper.init(Key.of(1))).map(([path]) => `levels[1].${path}`);
    expect(paths).toEqual([...lower, ...higher]);
  });

  test("it is a cell like any other: as a layer, and step by step", () => {
    const layer = recurrent(deepTransition);
    const params = layer.init(Key.of(1));
    const x = normal(Key.of(2), [5, I]);
    const expected = Array.from(onCpu(layer.apply(params, x, chain([5])).output).toArray());
    const stream = layer.stream(params);
    const rows = onCpu(x).toArray();
    for (let t = 0; t < 5; t++)
      expect(Array.from(stream.step(rows.subarray(I * t, I * t + I)))).toEqual(
        expected.slice(H * t, H * t + H),
      );
    stream.dispose();
  });

  test("on tensors, a step is one step of the unfold", () => {
    const params = inner.init(Key.of(1));
    const [x, h] = [normal(Key.of(2), [I]), normal(Key.of(3), [H])];
    const { output } = inner.step({ x, h }, params);
    const whole = unfold(inner, params, { x: tensor([Array.from(onCpu(x).toArray())]) }, chain([1]), {
      initial: { h: tensor([Array.from(onCpu(h).toArray())]) },
    });
    const difference = sub(output, whole.final.h);
    for (const d of onCpu(difference).toArray()) expect(Math.abs(d)).toBeLessThan(1e-6);
  });

  test("what is missing or has another shape is said by name", () => {
    const params = inner.init(Key.of(1));
    const [x, h] = [zeros([I]), zeros([H])];
    const step =
      (values: unknown, p: unknown = params) =>
      () =>
        inner.step(values as never, p as never);
    expect(step({ x })).toThrow('cell gru: its step reads "h", a value [4], which is missing');
    expect(step({ x, h, s: h })).toThrow('cell gru: its step does not read "s"; it reads x and h');
    expect(step({ x: zeros([2, I]), h })).toThrow(
      'cell gru: its step reads "x" as [3], got [2, 3]: a step sees one node, so a value has no axes but those of its features',
    );
    expect(step(5)).toThrow("gru.step: values is a record, got 5");
    const first = leafEntries(params)[0]![0];
    expect(step({ x, h }, {})).toThrow(`cell gru: its step needs the parameter "${first}", which is missing`);
    expect(step({ x, h }, null)).toThrow(`cell gru: its step needs the parameter "${first}"`);
    expect(step({ x, h }, { ...params, [first]: zeros([1, 1]) })).toThrow(
      `cell gru: its step needs the parameter "${first}" as`,
    );
    const attending = (values: unknown) => () =>
      attention.step(values as never, attention.init(Key.of(1)) as never);
    expect(attending({ query: h })).toThrow('cell attention: its step reads "source", a record of key');
    expect(attending({ query: h, source: {} })).toThrow(
      'cell attention: its step reads "source.key", a value [4]',
    );
  });

  test("a part that draws needs the context of the whole", () => {
    const drawing = (specs: InputSpecs) =>
      defineCell({
        name: "outer",
        inputs: () => ({ x: [H] }),
        sets: () => ({ source: specs }),
        state: () => ({}),
        params: () => ({ attention: attention.specs }),
        step: ({ x, source }, { attention: own }) =>
          attention.step({ query: x, source: source as { key: Value } }, own),
      })(undefined);
    expect(() => drawing({ key: [H] }).trace("float32")).toThrow(
      "cell attention: its step asks for random numbers; hand it the third argument of the step that it is part of",
    );
  });
});
