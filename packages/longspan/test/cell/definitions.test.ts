import {
  add,
  bidirectional,
  chain,
  defineCell,
  gru,
  type Layer,
  linear,
  lstm,
  mul,
  ones,
  recurrent,
  rnn,
  type SequenceCell,
  stacked,
  tensor,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";

const whole = {
  name: "own",
  inputs: () => ({ x: [2] }),
  state: () => ({ h: [2] }),
  params: () => ({}),
  step: ({ x, h }: { x: Value; h: Value }) => ({ state: { h: add(h, x) }, output: h }),
};
const define = (changed: object) => defineCell({ ...whole, ...changed } as never)({} as never);

describe("the definition of a cell", () => {
  const known =
    "name, inputs, sequenceInputs, sharedInputs, sets, edgeInputs, state, start, params, ports, message, messages, edge and step";
  test.each([
    ["reduce", ""],
    ["edgeLabels", ""],
    ["input", " (did you mean inputs?)"],
    ["shared_inputs", " (did you mean sharedInputs?)"],
    ["sequence_inputs", " (did you mean sequenceInputs?)"],
    ["mesage", " (did you mean message?)"],
    ["edges", " (did you mean edge?)"],
  ])("has no %s: it is refused by name, with the nearest known one", (name, meant) => {
    expect(() => define({ [name]: () => ({}) })).toThrow(
      `cell own: a definition has no "${name}"${meant}; it has ${known}`,
    );
  });

  test("what stands in it may be undefined, as with an optional part that is left out", () => {
    expect(define({ edge: undefined, ports: undefined, message: undefined }).name).toBe("own");
  });

  test.each([
    [
      "state",
      { n: { shape: [], dtype: "int32" } },
      `the state slot "n" is int32 []; a state holds floats, so a slot is a shape, such as [4]. A float32 counts exactly up to 2^24; what is an integer at each node comes in as an input`,
    ],
    [
      "state",
      { n: { shape: [2], dtype: "float32" } },
      `the state slot "n" is float32 [2]; a state has the type of the parameters, so a slot is a shape, such as [4]`,
    ],
    ["state", { n: 4 }, `the state slot "n" is 4, expected a shape: a list of sizes, such as [4]`],
    [
      "state",
      { n: ["4"] },
      `the state slot "n" is ["4"], expected a shape: sizes are whole numbers of at least 0`,
    ],
    ["state", { n: [Number.NaN] }, `the state slot "n" is [NaN], expected a shape: sizes are whole numbers`],
    ["message", { m: [1.5] }, `the message slot "m" is [1.5], expected a shape`],
    ["inputs", { x: [undefined] }, `the input "x" is [undefined], expected a shape`],
    [
      "inputs",
      { x: { shape: [2], dtype: "int64" } },
      `the input "x" is int64 [2]; types are float32, float64 and int32`,
    ],
    ["inputs", { x: { shape: 2, dtype: "int32" } }, `the input "x" is 2, expected a shape: a list`],
    ["sequenceInputs", { c: [-1] }, `the sequence input "c" is [-1], expected a shape`],
    ["sharedInputs", { t: null }, `the shared input "t" is null, expected a shape`],
    ["state", 3, "state gives 3, expected a record of shapes by name"],
    ["inputs", null, "inputs gives null, expected a record of shapes by name"],
  ])("%s: %j", (part, given, told) => {
    expect(() => define({ [part]: () => given })).toThrow(`cell own: ${told}`);
  });

  test("what a step returns has no other names", () => {
    const step = (more: object) => define({ step: (v: { h: Value }) => ({ state: { h: v.h }, ...more }) });
    expect(() => step({ ouput: 1 }).trace("float32")).toThrow(
      'cell own: a step returns no "ouput" (did you mean output?); it returns state, output and sums',
    );
    expect(() =>
      define({ step: async (v: { h: Value }) => ({ state: v, output: v.h }) }).trace("float32"),
    ).toThrow(
      "cell own: the step returned a promise; it is recorded as it runs, so it cannot be async: await what it needs before, and pass that in",
    );
  });
});

describe("rnn", () => {
  test.each([
    ["gelu", '"gelu"'],
    [(x: Value) => x, "a function"],
    [null, "null"],
    ["toString", '"toString"'],
  ])("takes no other activation: %s", (activation, shown) => {
    expect(() => rnn({ input: 1, hidden: 1, activation: activation as never })).toThrow(
      `rnn: activation is "tanh", "relu", "sigmoid" or "saturated", got ${shown}; for another one define a cell of your own, with defineCell()`,
    );
  });
});

const joined = defineCell({
  name: "joined",
  inputs: () => ({ x: [2], token: { shape: [], dtype: "int32" as const } }),
  state: () => ({ h: [2] }),
  params: () => ({}),
  step: ({ x, h }) => ({ state: { h: add(h, x) }, output: h }),
})({});
const tempered = defineCell({
  ...whole,
  name: "tempered",
  inputs: () => ({ x: [2] }),
  sharedInputs: () => ({ t: [] }),
  step: ({ x, h, t }) => ({ state: { h: add(h, mul(x, t)) }, output: h }),
})({});
const named = defineCell({
  ...whole,
  name: "named",
  inputs: () => ({ v: [2] }),
  step: ({ v, h }) => ({ state: { h: add(v, h) }, output: h }),
})({});
const parts = defineCell({
  name: "parts",
  inputs: () => ({ x: [2] }),
  state: () => ({ h: [2] }),
  params: () => ({}),
  step: ({ x, h }) => ({ state: { h: add(h, x) }, output: { mean: h, scale: x } }),
})({});

describe("cells in layers", () => {
  const one =
    "a layer feeds it x, an input that differs per node. Run the cell with unfold(), which takes them by name";
  const layers: Readonly<Record<string, (cell: unknown) => unknown>> = {
    recurrent: (cell) => recurrent(cell as SequenceCell<never, never>),
    bidirectional: (cell) => bidirectional(cell as SequenceCell<never, never>, lstm({ input: 2, hidden: 2 })),
  };
  test.each(Object.keys(layers))("%s takes cells with an input x", (name) => {
    const make = layers[name]!;
    expect(() => make(named)).toThrow(`${name}: the cell named has the input v; ${one}`);
    for (const [given, shown] of [
      [undefined, "undefined"],
      [{}, "an object"],
      [lstm, "a function"],
      [recurrent(gru({ input: 2, hidden: 2 })), "a layer"],
    ] as const)
      expect(() => make(given)).toThrow(
        `${name}: expected a cell, such as lstm({ input: 3, hidden: 4 }), got ${shown}`,
      );
  });

  test("what a cell reads besides x is given by name, and missed by name", () => {
    for (const [cell, missing] of [
      [joined, "token"],
      [tempered, "t"],
    ] as const) {
      const layer = recurrent(cell as never);
      expect(() => layer.apply({} as never, zeros([3, 2]), chain([3]))).toThrow(
        `recurrent: the cell ${cell.name} reads "${missing}", which is not given; a layer finds what it reads besides x under options.inputs`,
      );
    }
    const layer = recurrent(tempered);
    const { output } = layer.apply({}, ones([2, 2]), chain([2]), { inputs: { t: tensor(0.5) } });
    expect(JSON.parse(JSON.stringify(output))).toEqual([
      [0, 0],
      [0.5, 0.5],
    ]);
  });

  test("an output of several values is refused when the layer runs, by its parts", () => {
    const layer = recurrent(parts as never);
    expect(() => layer.apply({} as never, zeros([3, 2]), chain([3]))).toThrow(
      "recurrent: the output of the cell parts has the parts mean and scale; a layer hands on one value. Run the cell with unfold()",
    );
  });
});

describe("what is stacked", () => {
  const first = recurrent(gru({ input: 2, hidden: 3 }));
  test.each([
    ["a cell", lstm({ input: 3, hidden: 2 }), "is the cell lstm; make a layer of it with recurrent()"],
    ["a function", lstm, "is a function, expected a layer"],
    ["nothing", undefined, "is undefined, expected a layer"],
  ])("%s is refused by its place", (_, given, told) => {
    expect(() => stacked([first, given as never])).toThrow(`stacked: layer 1 (from 0) ${told}`);
  });
  test("a single layer", () => {
    expect(() => stacked(first as never)).toThrow("stacked: expected a list of layers, got an object");
  });

  const identity: Layer<object> = { init: () => ({}), apply: (_, x) => x };
  test("a first layer that does not say what it reads", () => {
    const { input: _, ...shapeless } = linear({ input: 2, output: 2 });
    expect(() => stacked([shapeless, first])).toThrow(
      "stacked: layer 0 (from 0) comes first and does not say what it reads; give it `input`, the shape of one row of x",
    );
    expect(stacked([first, identity]).features).toBeUndefined();
  });
});
