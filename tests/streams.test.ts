import {
  type AnySequenceLayer,
  add,
  bidirectional,
  chain,
  cholesky,
  clockwork,
  concat,
  cumulativeProduct,
  defineCell,
  delayedRnn,
  executor,
  fromArray,
  glorot,
  gru,
  IndexError,
  iota,
  Key,
  languageModel,
  layerNorm,
  leafEntries,
  leaves,
  linear,
  lstm,
  matmul,
  mul,
  onCpu,
  oneHot,
  openStream,
  recurrent,
  reshape,
  residual,
  rnn,
  roll,
  scope,
  sequenceModel,
  slice,
  softmax,
  sort,
  stacked,
  type Tensor,
  type TypedArray,
  tanh,
  tensor,
  topK,
  triangularSolve,
  useExecutor,
  type Value,
  zerosInit,
} from "longspan";
import { castTree, type DType, defaultExecutor, normal } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { cellVariants, libraryCells } from "./library-cells.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const [T, I, H] = [9, 5, 7];
const sizes = { input: I, hidden: H };

/** States of any rank: a memory matrix, and a slot that holds the last input and has no recurrence. */
const fastWeights = defineCell({
  name: "fastWeights",
  inputs: ({ input }: typeof sizes) => ({ x: [input] }),
  state: ({ input, hidden }) => ({ memory: [hidden, hidden], last: [input] }),
  params: ({ input, hidden }) => ({
    U: glorot(input, hidden),
    V: glorot(input, hidden),
    b: zerosInit(hidden),
  }),
  step({ x, memory, last }, { U, V, b }) {
    const key = tanh(add(add(matmul(x, U), matmul(last, V)), b));
    const output = matmul(key, memory);
    const written = matmul(reshape(key, [H, 1]), reshape(add(key, output), [1, H]));
    return { state: { memory: add(mul(memory, 0.9), written), last: x }, output };
  },
});

/** A memory that is addressed by content and moved on, and the operations that have instructions of their own. */
const addressed = defineCell({
  name: "addressed",
  inputs: ({ input }: typeof sizes) => ({ x: [input] }),
  state: ({ input }) => ({ memory: [4, input] }),
  params: ({ input }) => ({ U: glorot(input, input) }),
  step({ x, memory }, { U }) {
    const key = tanh(matmul(x, U));
    const weights = softmax(matmul(memory, key));
    const read = matmul(weights, memory);
    const best = topK(weights, 2);
    const moved = roll(memory, reshape(slice(best.indices, 0, 0, 1), []), 0);
    const outer = matmul(reshape(weights, [4, 1]), reshape(weights, [1, 4]));
    const factor = cholesky(add(outer, oneHot(iota([4]), 4, x.dtype)));
    const solved = triangularSolve(factor, sort(cumulativeProduct(weights)).values);
    const written = matmul(reshape(weights, [4, 1]), reshape(key, [1, I]));
    return { state: { memory: add(mul(moved, 0.9), written) }, output: concat([read, best.values, solved]) };
  },
});

/** A state that only passes through. */
const still = defineCell({
  name: "still",
  inputs: ({ input }: typeof sizes) => ({ x: [input] }),
  state: ({ input }) => ({ h: [input] }),
  params: () => ({}),
  step: ({ x, h }) => ({ state: { h }, output: add(x, h) }),
});

const layers: Readonly<Record<string, () => AnySequenceLayer>> = {
  ...Object.fromEntries(
    [...libraryCells("chains", sizes), ...cellVariants(sizes)].map(([name, cell]) => [
      name,
      () => recurrent(cell) as AnySequenceLayer,
    ]),
  ),
  "own, a matrix and a slot without recurrence": () => recurrent(fastWeights(sizes)),
  "own, a memory with operations along axes and on matrices": () => recurrent(addressed(sizes)),
  "own, a state that stays": () => recurrent(still(sizes)),
  "delays, a group of which has no short ones": () =>
    delayedRnn({
      input: I,
      groups: [
        { units: 3, delays: [1, 4] },
        { units: 2, delays: 3 },
      ],
    }),
  "a clockwork net in a stack": () =>
    stacked([
      clockwork(lstm, { input: I, groups: [1, 2, 5].map((period) => ({ units: 2, period })) }),
      linear({ input: 6, output: 3 }),
    ]),
  "a stack with residuals": () =>
    stacked(
      [
        recurrent(lstm(sizes)),
        recurrent(gru({ input: H, hidden: H })),
        recurrent(rnn({ input: H, hidden: H })),
      ],
      {
        residual: true,
        dropout: 0.5,
      },
    ),
  "a stack with skips": () =>
    stacked([recurrent(lstm(sizes)), recurrent(gru({ input: H + I, hidden: 3 }))], { skip: true }),
  "layers that work row by row, before, between and after, one with a residual": () =>
    stacked([
      linear({ input: I, output: H }),
      recurrent(gru({ input: H, hidden: H })),
      layerNorm({ features: H }),
      residual(recurrent(lstm({ input: H, hidden: H }))),
      residual(linear({ input: H, output: H })),
      linear({ input: H, output: 3 }),
    ]),
  "a model": () => sequenceModel({ layer: recurrent(lstm(sizes)), features: H, output: 3 }),
  "a stack in a stack": () =>
    stacked([
      recurrent(gru(sizes)),
      stacked([recurrent(lstm({ input: H, hidden: 4 })), recurrent(rnn({ input: 4, hidden: 2 }))]),
    ]),
};

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const tree = (t: unknown) => leafEntries(t).map(([path, v]) => [path, numbers(v)]);
const inputs = (dtype: DType, seed = 3) =>
  scope(() => castTree(normal(Key.of(seed), [T, I]), dtype)) as Tensor;
const rowOf = (x: TypedArray, t: number) => x.subarray(t * I, (t + 1) * I);

for (const { name } of executorRows) {
  const reason = missing(name);
  describe.skipIf(reason !== undefined)(`streams on ${name}${reason ? `: skipped, ${reason}` : ""}`, () => {
    beforeAll(() => useExecutor(executorOf(name)));

    for (const dtype of ["float32", "float64"] as const)
      for (const [kind, make] of Object.entries(layers))
        test(`${kind}, ${dtype}: each step has the bits of the whole sequence, and so has the last state`, () => {
          const layer = make();
          const params = layer.init(Key.of(1), dtype) as never;
          const x = inputs(dtype);
          const whole = layer.apply(params, x, chain([T]));
          const expected = onCpu(whole.output).toArray();
          const width = expected.length / T;
          const stream = layer.stream(params);
          const data = onCpu(x).toArray();
          for (let t = 0; t < T; t++)
            expect(Array.from(stream.step(rowOf(data, t)))).toEqual(
              Array.from(expected.subarray(t * width, (t + 1) * width)),
            );
          expect(tree(stream.state)).toEqual(tree(whole.final));
          stream.dispose();
        });

    test("a state that is taken out and put back, here or in another stream, goes on as if nothing had been", () => {
      const layer = stacked([recurrent(lstm(sizes)), recurrent(gru({ input: H, hidden: 4 }))]);
      const params = layer.init(Key.of(1));
      const x = onCpu(inputs("float32")).toArray();
      const one = layer.stream(params);
      const outputs = Array.from({ length: T }, (_, t) => Array.from(one.step(rowOf(x, t))));
      one.reset();
      expect(Array.from(one.step(rowOf(x, 0)))).toEqual(outputs[0]);
      for (let t = 1; t < 4; t++) one.step(rowOf(x, t));
      const saved = one.state;
      const kept = tree(saved);
      const other = layer.stream(params);
      other.step(rowOf(x, 8));
      other.state = saved;
      for (let t = 4; t < T; t++) {
        expect(Array.from(other.step(rowOf(x, t)))).toEqual(outputs[t]);
        expect(Array.from(one.step(rowOf(x, t)))).toEqual(outputs[t]);
      }
      one.state = [{ h: saved[0].h }, saved[1]];
      const initial = [{ h: saved[0].h }, saved[1]] as const;
      const { output } = layer.apply(params, fromArray(rowOf(x, 4), [1, I]), chain([1]), { initial });
      expect(Array.from(one.step(rowOf(x, 4)))).toEqual(numbers(output));
      expect(tree(saved)).toEqual(kept);
      one.dispose();
      other.dispose();
    });

    test("streams over the same parameters do not disturb each other or what runs between their steps", () => {
      const layer = recurrent(lstm(sizes));
      const params = layer.init(Key.of(1));
      const x = onCpu(inputs("float32")).toArray();
      const y = onCpu(inputs("float32", 4)).toArray();
      const expected = [x, y].map((z) =>
        numbers(layer.apply(params, fromArray(z, [T, I]), chain([T])).output),
      );
      const streams = [layer.stream(params), layer.stream(params)];
      for (let t = 0; t < T; t++)
        [x, y].forEach((z, s) => {
          expect(Array.from(streams[s]!.step(rowOf(z, t)))).toEqual(expected[s]!.slice(t * H, (t + 1) * H));
          scope(() => layer.apply(params, fromArray(y, [T, I]), chain([T])));
        });
      for (const s of streams) s.dispose();
    });

    test("a language model's logits, symbol by symbol; a symbol that is none leaves the state alone", () => {
      const model = languageModel({ vocabulary: 11, features: 4, hidden: 6, layers: 2, dropout: 0.3 });
      const params = model.init(Key.of(1));
      const text = [3, 1, 4, 1, 5, 9, 2, 6, 5];
      const { output, final } = model.apply(params, tensor(text, "int32"), chain([text.length]));
      const expected = numbers(output);
      const stream = model.stream(params);
      text.forEach((symbol, t) => {
        expect(() => stream.step(11)).toThrow(IndexError);
        expect(Array.from(stream.step(symbol))).toEqual(expected.slice(11 * t, 11 * (t + 1)));
      });
      expect(tree(stream.state)).toEqual(tree(final));
      stream.dispose();
    });

    test("what is no number is refused at each step, and leaves the state as it was", () => {
      const model = languageModel({ vocabulary: 11, features: 4, hidden: 6 });
      const symbols = model.stream(model.init(Key.of(1)));
      const layer = recurrent(lstm(sizes));
      const rows = layer.stream(layer.init(Key.of(1)));
      const x = onCpu(inputs("float32")).toArray();
      symbols.step(3);
      rows.step(rowOf(x, 0));
      const held = [tree(symbols.state), tree(rows.state)];
      const none = { length: I };
      const wrong: readonly [unknown, string][] = [
        [null, "stream lstm: a step takes 5 numbers, [5], got null"],
        [undefined, "stream lstm: a step takes 5 numbers, [5], got undefined"],
        ["12345", 'stream lstm: a step takes 5 numbers, [5], got "12345"'],
        [{}, "stream lstm: a step takes 5 numbers, [5], got an object"],
        [
          tensor([1, 2, 3, 4, 5]),
          "stream lstm: a step takes 5 numbers, [5], got Tensor float32 [5]: [1, 2, 3, 4, 5]",
        ],
        [[1, 2, 3, 4, null], "stream lstm: element 4 is null, not a number"],
        [[1, 2, 3, "4", 5], 'stream lstm: element 3 is "4", not a number'],
        [none, "stream lstm: element 0 is undefined, not a number"],
        [new BigInt64Array(I), "stream lstm: element 0 is 0n, not a number"],
        [[1, 2, Number.NaN, 4, 5], "stream lstm: element 2 is NaN, which would stay in the state"],
        [
          Float32Array.of(1, 2, 3, 4, Number.NaN),
          "stream lstm: element 4 is NaN, which would stay in the state",
        ],
      ];
      for (const [given, message] of wrong) expect(() => rows.step(given as never)).toThrow(message);
      for (const [given, message] of [
        [1.5, "stream languageModel: the number is 1.5, not an integer (dtype int32)"],
        [Number.NaN, "stream languageModel: the number is NaN, not an integer (dtype int32)"],
        [[2.5], "stream languageModel: element 0 is 2.5, not an integer (dtype int32)"],
        [2 ** 32, "stream languageModel: the number is 4294967296; int32 holds whole numbers"],
        [null, "stream languageModel: a step takes one number, got null"],
        ["3", 'stream languageModel: a step takes one number, got "3"'],
        [[null], "stream languageModel: element 0 is null, not a number"],
      ] as const)
        expect(() => symbols.step(given as never)).toThrow(message);
      expect([tree(symbols.state), tree(rows.state)]).toEqual(held);
      // Infinity is a number: it saturates a gate.
      rows.step([1, 2, 3, 4, Number.POSITIVE_INFINITY]);
      symbols.dispose();
      rows.dispose();
    });

    test("parameters that are written in place are seen; those that are disposed of stay for the stream", () => {
      const layer = recurrent(lstm(sizes));
      const params = layer.init(Key.of(1));
      const other = layer.init(Key.of(2));
      const x = onCpu(inputs("float32")).toArray().subarray(0, I);
      const [first, second] = [params, other].map((p) =>
        numbers(layer.apply(p, fromArray(x, [1, I]), chain([1])).output),
      );
      const stream = layer.stream(params);
      expect(Array.from(stream.step(x))).toEqual(first);
      for (const key of ["U", "W", "b"] as const) params[key].write(onCpu(other[key]).toArray());
      stream.reset();
      expect(Array.from(stream.step(x))).toEqual(second);
      for (const t of leaves(params)) (t as Tensor).dispose();
      scope(() => recurrent(lstm(sizes)).init(Key.of(5)));
      stream.reset();
      expect(Array.from(stream.step(x))).toEqual(second);
      stream.dispose();
    });

    test("10,000 steps take no memory; a stream gives back all of its own, and a second one compiles nothing", () => {
      const layer = stacked([recurrent(lstm(sizes)), recurrent(lstm({ input: H, hidden: H }))]);
      const params = layer.init(Key.of(1));
      layer.stream(params).dispose();
      const { statistics } = defaultExecutor();
      const stream = layer.stream(params);
      const open = defaultExecutor().statistics;
      expect(open.compiled).toBe(statistics.compiled);
      expect(open.bytesInUse).toBeGreaterThan(statistics.bytesInUse);
      const x = new Float32Array(I);
      const output = stream.step(x);
      for (let i = 1; i < 10_000; i++) expect(stream.step(x) === output).toBe(true);
      const after = defaultExecutor().statistics;
      expect(after.bytesInUse).toBe(open.bytesInUse);
      expect(after.bytesReserved).toBe(open.bytesReserved);
      expect(after.nodeRows - open.nodeRows).toBe(2 * 10_000);
      stream.dispose();
      expect(defaultExecutor().statistics.bytesInUse).toBe(statistics.bytesInUse);
    });

    test("a step of one's own: two layers that are joined, a state of one's own making", () => {
      const layer = recurrent(gru(sizes));
      const readout = linear({ input: H, output: 2 });
      const params = { layer: layer.init(Key.of(1)), readout: readout.init(Key.of(2)) };
      const stream = openStream<typeof params, { h: Value; seen: Value; same: Value }>({
        name: "own",
        input: [I],
        params,
        apply(p, x, state) {
          const { output, final } = layer.apply(
            p.layer,
            x,
            chain([1]),
            state ? { initial: { h: state.h } } : {},
          );
          const seen = state ? add(state.seen, x) : x;
          // The last two parts share memory with what is not theirs.
          return { output: readout.apply(p.readout, output), final: { h: final.h, seen, same: x } };
        },
      });
      const x = onCpu(inputs("float32")).toArray();
      const whole = readout.apply(
        params.readout,
        layer.apply(params.layer, fromArray(x, [T, I]), chain([T])).output,
      );
      const sums = new Float32Array(I);
      for (let t = 0; t < T; t++) {
        expect(Array.from(stream.step(rowOf(x, t)))).toEqual(numbers(whole).slice(2 * t, 2 * t + 2));
        for (let i = 0; i < I; i++) sums[i]! += x[t * I + i]!;
      }
      const { seen, same } = stream.state;
      expect(numbers(seen)).toEqual(Array.from(sums));
      expect(numbers(same)).toEqual(Array.from(rowOf(x, T - 1)));
      stream.dispose();
    });
  });
}

describe("what a stream does not take", () => {
  beforeAll(() => useExecutor(before));
  const layer = recurrent(lstm(sizes));
  const params = layer.init(Key.of(1));

  test("an input of another size, a state that is not its own", () => {
    const stream = layer.stream(params);
    expect(() => stream.step([1, 2])).toThrow("stream lstm: a step takes 5 numbers, [5], got 2");
    expect(() => stream.step(1)).toThrow("stream lstm: a step takes 5 numbers, [5], got 1");
    expect(() => {
      stream.state = { h: tensor([[1, 2]]) };
    }).toThrow("stream lstm: the state's h is [1, 7], got [1, 2]");
    expect(() => {
      stream.state = { c: tensor([[1, 2]]) } as never;
    }).toThrow("stream lstm: the state has no part c; it has h, s");
    stream.dispose();
    stream.dispose();
    for (const use of [() => stream.step(new Float32Array(I)), () => stream.state, () => stream.reset()])
      expect(use).toThrow("stream lstm: this stream was disposed of");
  });

  test("a layer that reads from the end", () => {
    const message = "the layer reads what comes after a step";
    expect(() => recurrent(lstm(sizes), { reverse: true }).stream(params)).toThrow(message);
    const both = bidirectional(lstm(sizes), lstm(sizes));
    expect(() => both.stream(both.init(Key.of(1)))).toThrow(message);
    expect(() => stacked([both]).stream([both.init(Key.of(1))])).toThrow(message);
  });

  test("parameters of another executor", () => {
    useExecutor(executor("reference"));
    const elsewhere = layer.init(Key.of(1));
    useExecutor(before);
    if (before.name === "reference") return;
    expect(() => layer.stream(elsewhere)).toThrow(
      `stream lstm: a stream needs parameters that are data on the executor in use, ${before.name}; U is not`,
    );
  });
});
