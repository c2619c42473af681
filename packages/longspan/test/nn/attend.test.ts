import {
  add,
  additiveAddressing,
  attend,
  binaryTreeLstm,
  type CellMaker,
  type CellName,
  categoricalOutput,
  cellTable,
  chain,
  childSumTreeLstm,
  defineCell,
  dotAddressing,
  fedBack,
  freeRunning,
  fromArray,
  glorot,
  gru,
  hessianVectorProduct,
  Key,
  leaves,
  lstm,
  matmul,
  mul,
  multiplicativeAddressing,
  namedCell,
  normal,
  recurrent,
  type Shape,
  type Shapes,
  scope,
  stacked,
  sum,
  tanh,
  teacherForcing,
  unfold,
  type Value,
  valueAndGrad,
  windowAddressing,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike } from "./plain.js";

const sizes = { input: 2, hidden: 3, source: 4 };
const structure = chain([3, 2, 0, 4, 1]).withSets({ source: [2, 1, 3, 0, 4] });

type Maker = CellMaker<Shapes, unknown>;
const makerOf =
  (name: CellName): Maker =>
  ({ input, hidden }) =>
    namedCell(name, { input, hidden, ...(cellTable[name].projects ? { projection: 2 } : {}) });

/** A user's own: its state is called something else, and it draws. */
const own: Maker = (of) =>
  defineCell({
    name: "own",
    inputs: ({ input }: { input: number; hidden: number }): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): Shapes => ({ memory: [hidden] }),
    params: ({ input, hidden }) => ({ A: glorot(input, hidden), B: glorot(hidden, hidden) }),
    step({ x, memory }, { A, B }, { uniform }) {
      const next = tanh(add(matmul(x, A), matmul(memory!, B)));
      return { state: { memory: mul(next, uniform([of.hidden])) }, output: next, sums: { size: sum(next) } };
    },
  })(of);

const ways: readonly (readonly [string, object])[] = [
  ["before", { addressing: additiveAddressing({ size: 2 }) }],
  ["before, with a context", { addressing: multiplicativeAddressing(), context: 2 }],
  ["before, by a window", { addressing: windowAddressing({ components: 2 }) }],
  ["after", { addressing: multiplicativeAddressing(), attends: "after" }],
  [
    "after, feeding its input",
    { addressing: multiplicativeAddressing(), attends: "after", inputFeeding: true, output: 2, context: 3 },
  ],
];

type Any = (cell: Maker, config: object) => Parameters<typeof unfold>[0];

describe.each(ways)("attention %s: compiled is the plain loop", (_, config) => {
  const chains = (Object.keys(cellTable) as CellName[]).filter((name) => cellTable[name].over === "chains");
  test.each([...chains.map((name) => [name, makerOf(name)] as const), ["own", own] as const])(
    "%s",
    (_, maker) => {
      scope(() => {
        const { name, state } = maker(sizes);
        const vectors = Object.keys(state).filter((slot) => state[slot]!.length === 1);
        // Where several vectors could ask and none is h, one is named.
        const query =
          !("attends" in config) && vectors.length > 1 && !("h" in state) ? vectors[0] : undefined;
        const make = () =>
          (attend as unknown as Any)(maker, { ...sizes, ...config, weights: true, ...(query && { query }) });
        if (!("attends" in config) && vectors.length === 0) {
          expect(make).toThrow(
            `attend: attention before the cell asks with a vector of the old state, and that of cell ${name} has none; let its output ask, with attends: "after"`,
          );
          return;
        }
        const cell = make();
        const { context = 0 } = config as { context?: number };
        const point = {
          params: randomLike(cell.init(Key.of(1), "float64"), Key.of(2), 0.5),
          x: normals(Key.of(3), structure.nodes, sizes.input),
          h: normals(Key.of(4), 10, sizes.source),
          ...(context > 0 ? { context: normals(Key.of(5), 5, context) } : {}),
        };
        const loss = (loop: "plain" | "compiled") => (p: typeof point) => {
          const inputs = { x: p.x, source: { h: p.h }, ...(p.context ? { context: p.context } : {}) };
          const options = { loop, key: Key.of(6) };
          const { output, final, sums } = unfold(
            cell,
            p.params as never,
            inputs as never,
            structure,
            options,
          );
          return leaves([output, final, sums])
            .filter((v) => v.size > 0)
            .map((v, i) => sum(mul(tanh(v), normals(Key.of(7).fold(i), ...v.shape))))
            .reduce((a, b) => add(a, b));
        };
        const direction = randomLike(point, Key.of(8), 1);
        const [plain, compiled] = (["plain", "compiled"] as const).map((loop) => [
          ...leaves(valueAndGrad(loss(loop))(point)).flatMap(numbers),
          ...leaves(hessianVectorProduct(loss(loop))(point as never, direction as never)).flatMap(numbers),
        ]);
        expect(difference(compiled!, plain!)).toBeLessThan(1e-12);
      });
    },
  );
});

describe("what attend gives", () => {
  const cell = attend(gru, { ...sizes, addressing: additiveAddressing({ size: 2 }), weights: true });
  const params = cell.init(Key.of(1), "float64");
  const inputs = {
    x: normals(Key.of(2), structure.nodes, sizes.input),
    source: { h: normals(Key.of(3), 10, sizes.source) },
  };
  const { output } = unfold(cell, params, inputs, structure);
  test("weights per pair, which sum to 1, and the weighted sum beside the state", () => {
    const { begin, member } = structure.pairs("source");
    const [w, out, h] = [output.weights, output.output, inputs.source.h].map(numbers) as [
      number[],
      number[],
      number[],
    ];
    for (let n = 0; n < structure.nodes; n++) {
      const pairs = w.slice(begin[n], begin[n + 1]);
      if (pairs.length > 0) expect(pairs.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
      const read = Array.from({ length: sizes.source }, (_, f) =>
        pairs.reduce((total, of, i) => total + of * h[member[begin[n]! + i]! * sizes.source + f]!, 0),
      );
      expect(difference(out.slice(n * 7 + 3, n * 7 + 7), read)).toBeLessThan(1e-14);
    }
    // Sequence 3 has an empty source: it reads zeros.
    for (const n of structure.rowsOf(3)) expect(out.slice(n * 7 + 3, n * 7 + 7)).toEqual([0, 0, 0, 0]);
  });
  test("the same without the weights, from the same parameters", () => {
    const plain = attend(gru, { ...sizes, addressing: additiveAddressing({ size: 2 }) });
    expect(numbers(unfold(plain, params, inputs, structure).output)).toEqual(numbers(output.output));
  });
});

test("a cell that attends is a layer like any other: alone, in a stack, and step by step", () => {
  const layer = recurrent(attend(gru, { ...sizes, addressing: additiveAddressing({ size: 2 }) }) as never);
  const deep = stacked([layer, recurrent(lstm({ input: 7, hidden: 3 }))]);
  const params = deep.init(Key.of(1));
  const over = chain([3, 3]).withSets({ source: [2, 4] });
  const [x, h] = [normal(Key.of(2), [6, sizes.input]), normal(Key.of(3), [6, sizes.source])];
  const whole = deep.apply(params as never, x, over, { inputs: { source: { h } } }).output;
  const stream = deep.stream(params as never, { sets: { source: [2, 4] }, inputs: { source: { h } } });
  const [rows, expected] = [numbers(x), numbers(whole)];
  for (let t = 0; t < 3; t++) {
    // Two sequences of one length: the rows of a step stand side by side.
    const step = stream.step(rows.slice(4 * t, 4 * t + 4)) as unknown as ArrayLike<number>;
    expect(difference(Array.from(step), expected.slice(6 * t, 6 * t + 6))).toBeLessThan(1e-6);
  }
  stream.dispose();
});

test("a decoder with attention can be fed back: it reads what it chose itself, compiled as by the plain loop", () => {
  const inner = attend(gru, { input: 3, hidden: 3, source: 4, addressing: additiveAddressing({ size: 2 }) });
  const settings = { cell: inner as never, output: categoricalOutput({ classes: 5 }), features: 3 };
  const cell = fedBack({ ...settings, regime: freeRunning({ feed: "mode" }) });
  const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2), 0.7);
  const inputs = { x: zeros([10], "int32"), source: { h: normals(Key.of(3), 10, 4) } };
  const run = (loop: "plain" | "compiled") =>
    numbers(
      unfold(cell, params as never, inputs as never, structure, { loop, key: Key.of(4) }).output as Value,
    );
  const free = run("compiled");
  expect(difference(free, run("plain"))).toBeLessThan(1e-12);
  // Told its own choices, the forced cell says the same.
  const forced = fedBack({ ...settings, regime: teacherForcing() });
  const choice = (row: number) => {
    const of = free.slice(5 * row, 5 * row + 5);
    return of.indexOf(Math.max(...of));
  };
  const told = new Int32Array(10);
  for (const s of [0, 1, 3, 4]) {
    const rows = structure.rowsOf(s);
    rows.slice(1).forEach((row, t) => {
      told[row] = choice(rows[t]!);
    });
  }
  const x = fromArray(told, [10], "int32");
  const { output } = unfold(forced, params as never, { ...inputs, x } as never, structure);
  expect(difference(numbers(output as Value), free)).toBeLessThan(1e-12);
});

describe("attend refuses", () => {
  const addressing = additiveAddressing({ size: 2 });
  const attending = attend as unknown as Any;
  test("a cell that it cannot feed, or that runs over trees", () => {
    const two = () =>
      defineCell({
        name: "two",
        inputs: () => ({ x: [2], y: [2] }),
        state: () => ({ h: [2] }),
        params: () => ({}),
        step: ({ x, h }) => ({ state: { h }, output: x }),
      })(undefined);
    expect(() => attending(two as never, { ...sizes, addressing })).toThrow(
      "attend: cell two reads x and y, expected x, a vector [input], and nothing else: what else it is to read goes in there",
    );
    expect(() => attending(binaryTreeLstm as never, { ...sizes, addressing })).toThrow(
      "attend: cell binaryTreeLstm is made for trees or graphs (it has ports); what is made of it runs over chains",
    );
    expect(() => attending(childSumTreeLstm as never, { ...sizes, addressing })).toThrow(
      "(it has an edge step)",
    );
    expect(() => attending((() => 5) as never, { ...sizes, addressing })).toThrow(
      "attend: cell makes a cell of { input, hidden }, as gru does; what it made is 5",
    );
  });
  test("a query that is no slot, or a state of which it is not clear what asks", () => {
    expect(() => attend(lstm, { ...sizes, addressing, query: "q" })).toThrow(
      'attend: query is "q", but the state of cell lstm has the vectors h and s',
    );
    const unclear = () =>
      defineCell({
        name: "unclear",
        inputs: () => ({ x: [6] }),
        state: () => ({ a: [2], b: [2] }),
        params: () => ({}),
        step: ({ a, b }) => ({ state: { a, b }, output: a }),
      })(undefined);
    expect(() => attending(unclear as never, { ...sizes, addressing })).toThrow(
      "attend: which slot of the state asks? That of cell unclear has the vectors a and b; name one as query",
    );
  });
  test("settings of the other way of attending, and queries of another width", () => {
    expect(() => attend(gru, { ...sizes, addressing, inputFeeding: true })).toThrow(
      'attend: inputFeeding belongs to attention after the cell, and attends is "before": what a cell reads before it runs goes into it anyway',
    );
    expect(() => attend(gru, { ...sizes, addressing, attends: "after", query: "h" })).toThrow(
      'attend: query names a slot of the old state, and attends is "after"',
    );
    expect(() => attend(gru, { ...sizes, addressing: dotAddressing() })).toThrow(
      "dotAddressing: queries have 3 features and keys 4",
    );
  });
  test("a slot that the attention keeps itself", () => {
    const kappa = () =>
      defineCell({
        name: "kappa",
        inputs: () => ({ x: [6] }),
        state: () => ({ h: [2], kappa: [2] }),
        params: () => ({}),
        step: ({ h, kappa }) => ({ state: { h, kappa }, output: h }),
      })(undefined);
    const windowed = { ...sizes, addressing: windowAddressing({ components: 2 }) };
    expect(() => attending(kappa as never, windowed)).toThrow(
      'attend: the state of cell kappa has a slot "kappa", which is what the attention keeps; give the slot another name',
    );
  });
});
