import {
  add,
  chain,
  concat,
  defineCell,
  dropoutInCell,
  fromArray,
  gather,
  glorot,
  gru,
  IndexError,
  Key,
  leafEntries,
  linear,
  lstm,
  matmul,
  mul,
  onCpu,
  openStream,
  recurrent,
  type SequenceLayer,
  scope,
  setSoftmax,
  setSum,
  stacked,
  sum,
  type Tensor,
  type TypedArray,
  tanh,
  tensor,
  unfold,
  useExecutor,
  type Value,
} from "longspan";
import { castTree, type DType, defaultExecutor, normal, type RecordableExecutor } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const [T, I, H] = [6, 3, 4];

/** All that a cell can read: several inputs per node, one per sequence, a shared one, a set; its position; draws of both kinds. */
const reading = defineCell({
  name: "reading",
  inputs: () => ({ x: [I], symbol: { shape: [], dtype: "int32" as const } }),
  sequenceInputs: () => ({ speaker: [H] }),
  sharedInputs: () => ({ temperature: [] }),
  sets: () => ({ source: { key: [H] } }),
  state: () => ({ h: [H] }),
  params: () => ({ U: glorot(I, H), W: glorot(H, H), V: glorot(H, H), E: glorot(5, H) }),
  step({ x, symbol, speaker, temperature, source, h }, { U, W, V, E }, context) {
    const query = matmul(h, W);
    const weights = setSoftmax(mul(temperature, sum(tanh(add(query, matmul(source.key, V))))));
    const read = setSum(mul(weights, source.key));
    const fed = add(add(matmul(x, U), gather(E, symbol)), add(speaker, read));
    const kept = dropoutInCell(tanh(add(query, fed)), 0.3, context);
    const alike = dropoutInCell(kept, 0.2, context, { per: "sequence" });
    return { state: { h: alike }, output: concat([alike, read]) };
  },
})(undefined);

const sizes = [3, 0, 2];
const B = sizes.length;
const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const tree = (t: unknown) => leafEntries(t).map(([path, v]) => [path, numbers(v)]);
const draw = (seed: number, shape: number[], dtype: DType) =>
  scope(() => castTree(normal(Key.of(seed), shape), dtype)) as Tensor;

/** What is given once: inputs of sequences, a shared one, those of members. */
const given = (dtype: DType) => ({
  speaker: draw(1, [B, H], dtype),
  temperature: draw(2, [], dtype),
  source: { key: draw(3, [5, H], dtype) },
});
/** What steps are given: [steps, rows, ...]. */
const xOf = (dtype: DType) => onCpu(draw(4, [T, B, I], dtype)).toArray();
const symbols = Int32Array.from({ length: T * B }, (_, i) => (7 * i) % 5);
const part = (a: TypedArray, t: number) => a.subarray((t * a.length) / T, ((t + 1) * a.length) / T);

/** Draws once per sequence, and nothing else that is formed once. */
const masking = defineCell({
  name: "masking",
  inputs: () => ({ x: [I] }),
  state: () => ({ h: [I] }),
  params: () => ({}),
  step({ x, h }, _, context) {
    const next = dropoutInCell(tanh(add(x, h)), 0.5, context, { per: "sequence" });
    return { state: { h: next }, output: next };
  },
})(undefined);

// biome-ignore lint/suspicious/noExplicitAny: parameters of layers of all kinds.
const layers: Readonly<Record<string, () => SequenceLayer<any, any>>> = {
  "a cell that draws once per sequence, twice, from keys of their own": () =>
    stacked([recurrent(masking), recurrent(masking), recurrent(reading)]),
  "a cell that reads all there is": () => recurrent(reading),
  "a stack of it, dropout, another recurrent layer and one that works row by row": () =>
    stacked(
      [recurrent(reading), recurrent(lstm({ input: 2 * H, hidden: I })), linear({ input: I, output: 3 })],
      { dropout: 0.4 },
    ),
};

for (const { name } of executorRows) {
  const reason = missing(name);
  describe.skipIf(reason !== undefined)(
    `streams of rows on ${name}${reason ? `: skipped, ${reason}` : ""}`,
    () => {
      beforeAll(() => useExecutor(executorOf(name)));

      for (const dtype of ["float32", "float64"] as const)
        for (const [kind, make] of Object.entries(layers))
          test(`${kind}, ${dtype}: each step has the bits of the whole sequences`, () => {
            const layer = make();
            const params = layer.init(Key.of(1), dtype);
            const inputs = given(dtype);
            const x = xOf(dtype);
            const whole = chain(new Array(B).fill(T)).withSets({ source: sizes });
            const key = Key.of(9);
            const expected = layer.apply(params, fromArray(x, [T * B, I], dtype), whole, {
              inputs: { ...inputs, symbol: fromArray(symbols, [T * B], "int32") },
              key,
            });
            const width = expected.output.shape[1]!;
            const stream = layer.stream(params, { sets: { source: sizes }, inputs, key });
            for (let round = 0; round < 2; round++) {
              for (let t = 0; t < T; t++) {
                const out = stream.step(part(x, t), { symbol: part(symbols, t) });
                expect(Array.from(out)).toEqual(
                  numbers(expected.output).slice(t * B * width, (t + 1) * B * width),
                );
              }
              expect(stream.position).toBe(T);
              expect(tree(stream.state)).toEqual(tree(expected.final));
              stream.reset();
            }
            stream.dispose();
          });

      test("rows that are selected go on from the rows they name, with the sets and inputs of their sequences", () => {
        const layer = recurrent(reading);
        const params = layer.init(Key.of(1));
        const inputs = given("float32");
        const stream = layer.stream(params, { sets: { source: sizes }, inputs, key: Key.of(9) });
        // What each row has read so far, and its sequence: a row's past, run as a sequence of its own, is what the stream must give.
        let rows = sizes.map((_, s) => ({ sequence: s, past: [] as { x: number[]; symbol: number }[] }));
        const selections = [[2, 0, 0, 1, 2], [0, 0, 1, 2, 4], [1, 0, 3, 2, 4], [4], [0, 0, 0], [2, 1, 0]];
        selections.forEach((chosen, t) => {
          stream.select(chosen);
          rows = chosen.map((r) => ({ ...rows[r]!, past: [...rows[r]!.past] }));
          expect(Array.from(stream.structure.parts.sequenceOf)).toEqual(rows.map((r) => r.sequence));
          const x = onCpu(draw(20 + t, [rows.length, I], "float32")).toArray();
          const symbol = rows.map((_, i) => (t + i) % 5);
          rows.forEach((row, i) => {
            row.past.push({ x: Array.from(x.subarray(i * I, (i + 1) * I)), symbol: symbol[i]! });
          });
          const output = Array.from(stream.step(x, { symbol }));
          rows.forEach((row, i) => {
            const alone = chain([row.past.length], { examples: [row.sequence] }).withSets({
              source: [sizes[row.sequence]!],
            });
            const first = sizes.slice(0, row.sequence).reduce((a, b) => a + b, 0);
            const { output: expected } = layer.apply(
              params,
              fromArray(
                row.past.flatMap((p) => p.x),
                [row.past.length, I],
              ),
              alone,
              {
                inputs: {
                  symbol: fromArray(
                    row.past.map((p) => p.symbol),
                    [row.past.length],
                    "int32",
                  ),
                  speaker: fromArray(
                    numbers(inputs.speaker).slice(row.sequence * H, (row.sequence + 1) * H),
                    [1, H],
                  ),
                  temperature: inputs.temperature,
                  source: {
                    key: fromArray(
                      numbers(inputs.source.key).slice(first * H, (first + sizes[row.sequence]!) * H),
                      [sizes[row.sequence]!, H],
                    ),
                  },
                },
                key: Key.of(9),
              },
            );
            expect(output.slice(i * 2 * H, (i + 1) * 2 * H)).toEqual(numbers(expected).slice(-2 * H));
          });
        });
        expect(stream.state.h.shape).toEqual([3, H]);
        stream.dispose();
      });

      test("a step may give several values, per pair too; a source can be a structure", () => {
        const attending = defineCell({
          name: "attending",
          inputs: () => ({ x: [H] }),
          sets: () => ({ source: { key: [H] } }),
          state: () => ({ h: [H] }),
          params: () => ({ W: glorot(H, H) }),
          step({ x, h, source }, { W }) {
            const weights = setSoftmax(sum(mul(matmul(h, W), source.key)));
            const next = tanh(add(x, setSum(mul(weights, source.key))));
            return { state: { h: next }, output: { next, weights } };
          },
        })(undefined);
        const params = attending.init(Key.of(1));
        const sources = chain(sizes);
        const source = { key: draw(3, [5, H], "float32") };
        const x = onCpu(draw(4, [T, B, H], "float32")).toArray();
        const whole = chain(new Array(B).fill(T)).withSets({ source: sources });
        const { output } = unfold(attending, params, { x: fromArray(x, [T * B, H]), source }, whole);
        const stream = openStream({
          name: "attending",
          input: [H],
          params,
          sets: { source: sources },
          inputs: { source },
          apply: (p, x, state, { structure, inputs }) =>
            unfold(attending, p, { x, ...inputs } as never, structure, state ? { initial: state } : {}),
        });
        for (let t = 0; t < T; t++) {
          const { next, weights } = stream.step(part(x, t));
          expect(Array.from(next)).toEqual(numbers(output.next).slice(t * B * H, (t + 1) * B * H));
          expect(Array.from(weights)).toEqual(numbers(output.weights).slice(5 * t, 5 * t + 5));
        }
        expect(Array.from(stream.structure.pairs("source").node)).toEqual([0, 0, 0, 2, 2]);
        stream.dispose();
      });

      test("keys are formed when the stream is opened, and again when it is reset after a parameter was written", () => {
        const layer = recurrent(reading);
        const params = layer.init(Key.of(1));
        const inputs = given("float32");
        const stream = layer.stream(params, { sets: { source: sizes }, inputs, key: Key.of(9) });
        const [x, symbol] = [new Float32Array(B * I).fill(0.5), [1, 2, 3]];
        const first = Array.from(stream.step(x, { symbol }));
        params.V.write(new Float32Array(H * H).fill(0.25));
        stream.reset();
        const second = Array.from(stream.step(x, { symbol }));
        expect(second).not.toEqual(first);
        const { output } = layer.apply(
          params,
          fromArray(x, [B, I]),
          chain([1, 1, 1]).withSets({ source: sizes }),
          {
            inputs: { ...inputs, symbol: tensor(symbol, "int32") },
            key: Key.of(9),
          },
        );
        expect(second).toEqual(numbers(output));
        stream.dispose();
        const kinds: string[][] = [];
        const executor = defaultExecutor() as unknown as RecordableExecutor;
        const { bind } = executor;
        executor.bind = (executions, replaced, window) => {
          kinds.push(
            executions.flatMap(({ executable: { program } }) =>
              [...program.before, ...program.loop, ...program.after].map((i) => i.kind),
            ),
          );
          return bind.call(executor, executions, replaced, window);
        };
        try {
          // The second has its members level by level, so that they have to be arranged.
          for (const source of [sizes, chain(sizes)])
            layer.stream(params, { sets: { source }, inputs, key: Key.of(9) }).dispose();
        } finally {
          executor.bind = bind;
        }
        // Of x and of the state; the product with the keys is not among them.
        for (const of of kinds) expect(of.filter((kind) => kind === "gemm").length).toBe(2);
        expect(kinds.length).toBeGreaterThan(1);
      });

      test("steps over rows take no memory, whichever way they are selected in turn", () => {
        const layer = recurrent(reading);
        const params = layer.init(Key.of(1));
        const stream = layer.stream(params, {
          sets: { source: sizes },
          inputs: given("float32"),
          key: Key.of(9),
        });
        const go = () => {
          for (const chosen of [
            [0, 0, 1, 2],
            [1, 0, 2, 3],
            [0, 2, 3],
          ]) {
            stream.select(chosen);
            stream.step(new Float32Array(chosen.length * I).fill(0.5), { symbol: chosen.map(() => 1) });
          }
        };
        go();
        const { bytes, programs } = statistics();
        for (let i = 0; i < 50; i++) go();
        expect(statistics()).toEqual({ bytes, programs });
        stream.dispose();
      });
    },
  );
}

const statistics = () => {
  const { statistics } = defaultExecutor() as unknown as { statistics: Record<string, number> };
  return { bytes: statistics.bytesInUse, programs: statistics.programs };
};

describe("what streams of rows do not take", () => {
  beforeAll(() => useExecutor(before));
  const layer = recurrent(reading);
  const params = layer.init(Key.of(1));
  const options = { sets: { source: sizes }, inputs: given("float32"), key: Key.of(9) };

  test("inputs of steps that are missing, of another size, or not read; rows that are none", () => {
    const stream = layer.stream(params, options);
    const x = new Float32Array(B * I);
    expect(() => stream.step(x)).toThrow(
      "stream reading: a step takes 3 numbers as symbol, [3], got undefined",
    );
    expect(() => stream.step(x, { symbol: [1, 2] })).toThrow("a step takes 3 numbers as symbol, [3], got 2");
    expect(() => stream.step(x, { symbol: [1, 2, 0.5] })).toThrow("stream reading: symbol: element 2 is 0.5");
    expect(() => stream.step(x, { symbol: [1, 2, 3], sign: 1 })).toThrow(
      "stream reading: a step does not read sign; it reads x, symbol",
    );
    expect(() => stream.step([1, 2], { symbol: [1, 2, 3] })).toThrow("a step takes 9 numbers, [3, 3], got 2");
    expect(() => stream.select([0, 3])).toThrow(IndexError);
    expect(() => stream.select([0, 3])).toThrow(
      "stream reading: rows[1] is 3, expected a row of the stream, 0 to 2",
    );
    expect(() => stream.select([])).toThrow(
      "stream reading: no rows are selected; a stream has at least one",
    );
    expect(stream.position).toBe(0);
    stream.dispose();
    expect(() => stream.select([0])).toThrow("this stream was disposed of");
  });

  test("a set that is not given, a key that is missing", () => {
    expect(() => layer.stream(params, { ...options, sets: {} })).toThrow('the cell reads the set "source"');
    const { key: _, ...without } = options;
    expect(() => layer.stream(params, without)).toThrow("the cell draws random numbers; give a key");
    const { speaker: __, ...inputs } = options.inputs;
    expect(() => layer.stream(params, { ...options, inputs } as never)).toThrow(
      'the cell reading reads "speaker"',
    );
    const plain = recurrent(gru({ input: 2, hidden: 3 }));
    expect(() => plain.stream(plain.init(Key.of(1)), { rows: 3 } as never)).toThrow("rows");
  });

  test("a state and a position are put back together: what is drawn goes on as it would have", () => {
    const [one, other] = [layer.stream(params, options), layer.stream(params, options)];
    const x = xOf("float32");
    const step = (stream: typeof one, t: number) =>
      Array.from(stream.step(part(x, t), { symbol: part(symbols, t) }));
    for (let t = 0; t < 3; t++) step(one, t);
    other.state = one.state;
    other.position = one.position;
    for (let t = 3; t < T; t++) expect(step(other, t)).toEqual(step(one, t));
    one.dispose();
    other.dispose();
  });
});

test("layers of a stack that read two inputs under one name are refused", () => {
  const other = defineCell({
    name: "other",
    inputs: () => ({ x: [2 * H], symbol: [2] }),
    state: () => ({ h: [2] }),
    params: () => ({}),
    step: ({ symbol, h }) => ({ state: { h: add(symbol, h) }, output: h }),
  })(undefined);
  expect(() => stacked([recurrent(reading), recurrent(other)])).toThrow(
    'stacked: two layers read an input "symbol", as int32 [] and as floats [2]; inputs are found by name, so give one of them another',
  );
});

describe("chains that share a sequence", () => {
  test("are refused where they do not fit", () => {
    expect(() => chain([1, 1], { owners: [0] })).toThrow("chain: owners names 1 sequences for 2 chains");
    expect(() => chain([1, 1], { owners: [0, 2], sequences: 2 })).toThrow(
      "chain: owners names sequence 2, and sequences is 2: they are 0..1",
    );
    expect(() => chain([1, 0], { owners: [0, 0] })).toThrow(
      "chain: lengths[1] is 0; chains that are given an owner have at least one step",
    );
    expect(() => chain([1, 1], { sequences: 3 })).toThrow("chain: sequences is 3 and there are 2 lengths");
  });
});
