// Many streams of one model, stepped together: the bits of each are those it has alone, whoever else takes part.
import {
  type AnySequenceLayer,
  add,
  chain,
  clockwork,
  defineCell,
  delayedRnn,
  embedding,
  glorot,
  gru,
  IndexError,
  Key,
  languageModel,
  leafEntries,
  lstm,
  matmul,
  mul,
  onCpu,
  type PooledStream,
  recurrent,
  reshape,
  rnn,
  type Stream,
  stacked,
  streamPool,
  tanh,
  tensor,
  useExecutor,
  type Value,
} from "longspan";
import { defaultExecutor } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const [I, H] = [3, 5];
const sizes = { input: I, hidden: H };

/** A state of a matrix. */
const fastWeights = defineCell({
  name: "fastWeights",
  inputs: ({ input }: typeof sizes) => ({ x: [input] }),
  state: ({ hidden }) => ({ memory: [hidden, hidden] }),
  params: ({ input, hidden }) => ({ U: glorot(input, hidden) }),
  step({ x, memory }, { U }) {
    const key = tanh(matmul(x, U));
    const written = matmul(reshape(key, [H, 1]), reshape(key, [1, H]));
    return { state: { memory: add(mul(memory, 0.9), written) }, output: matmul(key, memory) };
  },
});

const layers: Readonly<Record<string, () => AnySequenceLayer>> = {
  lstm: () => recurrent(lstm(sizes)) as AnySequenceLayer,
  "a stack": () =>
    stacked([recurrent(gru(sizes)), recurrent(rnn({ input: H, hidden: 2 }))]) as AnySequenceLayer,
  "a state of a matrix": () => recurrent(fastWeights(sizes)) as AnySequenceLayer,
  "delays, whose past is in the state": () =>
    delayedRnn({ input: I, groups: [{ units: 3, delays: [1, 4] }] }) as AnySequenceLayer,
  "a clockwork net, which looks at the position": () =>
    clockwork(lstm, {
      input: I,
      groups: [1, 2, 5].map((period) => ({ units: 2, period })),
    }) as AnySequenceLayer,
};

/** Whole numbers that look random, the same each time. */
function draws(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % below;
  };
}

const tree = (t: unknown) =>
  leafEntries(t).map(([path, v]) => [path, Array.from(onCpu(v as Value).toArray())]);

for (const { name } of executorRows) {
  const reason = missing(name);
  describe.skipIf(reason !== undefined)(`pools on ${name}${reason ? `: skipped, ${reason}` : ""}`, () => {
    beforeAll(() => useExecutor(executorOf(name)));

    for (const dtype of ["float32", "float64"] as const)
      for (const [kind, make] of Object.entries(layers))
        test(`${kind}, ${dtype}: streams come, go and step in any company, with the bits that each has alone`, () => {
          const layer = make();
          const params = layer.init(Key.of(1), dtype);
          // A batch of 8 is filled, overflowed, and cut into parts.
          const pool = streamPool(layer, params, { batch: 8 });
          const draw = draws(7);
          const open: { pooled: PooledStream<unknown>; alone: Stream<unknown> }[] = [];
          const enter = () => open.push({ pooled: pool.open(), alone: layer.stream(params) });
          const leave = (i: number) => {
            const [one] = open.splice(i, 1);
            one!.pooled.close();
            one!.alone.dispose();
          };
          for (let i = 0; i < 13; i++) enter();
          for (let tick = 0; tick < 12; tick++) {
            if (tick % 3 === 1) leave(draw(open.length));
            if (tick % 4 === 2) enter();
            const some = tick === 5 ? [...open] : open.filter(() => draw(3) > 0).reverse();
            const x = Float64Array.from({ length: some.length * I }, () => draw(2000) / 1000 - 1);
            const rows = pool.step(
              some.map(({ pooled }) => pooled),
              x,
            );
            const alone = some.map(({ alone }, i) => Array.from(alone.step(x.subarray(i * I, (i + 1) * I))));
            expect(Array.from(rows)).toEqual(alone.flat());
            for (const { pooled, alone } of some) expect(tree(pooled.state)).toEqual(tree(alone.state));
          }
          expect(pool.size).toBe(open.length);
          while (open.length > 0) leave(0);
          expect(pool.size).toBe(0);
          pool.dispose();
        });

    test("symbols of a language model; a symbol that is none moves nobody, not even those in calls before", () => {
      const model = languageModel({ vocabulary: 7, features: 4, hidden: 6 });
      const params = model.init(Key.of(1));
      const pool = streamPool(model, params, { batch: 2 });
      const streams = Array.from({ length: 5 }, () => pool.open());
      pool.step(streams, [0, 1, 2, 3, 4]);
      const held = streams.map(({ state }) => tree(state));
      expect(() => pool.step(streams, [1, 2, 3, 4, 7])).toThrow(IndexError);
      expect(streams.map(({ state }) => tree(state))).toEqual(held);
      expect(streams.map(({ position }) => position)).toEqual([1, 1, 1, 1, 1]);
      const again = Array.from(pool.step(streams.slice(3), [5, 6]));
      const { output } = model.apply(params, tensor([3, 4, 5, 6], "int32"), chain([2, 2]));
      expect(again).toEqual(Array.from(onCpu(output).toArray()).slice(14));
      pool.dispose();
    });

    test("a state that is taken out goes on in another pool; reset goes back to the start", () => {
      const layer = stacked([recurrent(lstm(sizes)), recurrent(gru({ input: H, hidden: 2 }))]);
      const params = layer.init(Key.of(1));
      const [one, other] = [streamPool(layer, params), streamPool(layer, params)];
      const [a, b] = [one.open(), other.open()];
      const first = Array.from(one.step([a], [1, -1, 0.5]));
      const saved = a.state;
      const second = Array.from(one.step([a], [0, 0.25, 1]));
      b.state = saved;
      b.position = 1;
      expect(Array.from(other.step([b], [0, 0.25, 1]))).toEqual(second);
      a.reset();
      expect(a.position).toBe(0);
      expect(Array.from(one.step([a], [1, -1, 0.5]))).toEqual(first);
      expect(() => {
        b.state = [{ h: tensor([[1, 2]]) }] as never;
      }).toThrow("streamPool: the state's [0].h is [1, 5], got [1, 2]");
      expect(() => {
        b.state = [{ none: tensor([[1, 2]]) }] as never;
      }).toThrow("streamPool: the state has no part [0].none; it has [0].h, [0].s, [1].h");
      one.dispose();
      other.dispose();
    });

    test("hundreds of steps take no memory of the executor, and all is given back", () => {
      const layer = recurrent(lstm(sizes));
      const params = layer.init(Key.of(1));
      streamPool(layer, params).dispose();
      const { bytesInUse } = defaultExecutor().statistics;
      const pool = streamPool(layer, params);
      const streams = [pool.open(), pool.open(), pool.open()];
      const x = new Float32Array(3 * I);
      pool.step(streams, x);
      pool.step(streams.slice(1), x.subarray(0, 2 * I));
      const open = defaultExecutor().statistics;
      for (let i = 0; i < 300; i++) {
        pool.step(streams, x);
        pool.step(streams.slice(1), x.subarray(0, 2 * I));
      }
      expect(defaultExecutor().statistics.bytesInUse).toBe(open.bytesInUse);
      expect(defaultExecutor().statistics.bytesReserved).toBe(open.bytesReserved);
      pool.dispose();
      expect(defaultExecutor().statistics.bytesInUse).toBe(bytesInUse);
    });
  });
}

describe("what a pool does not take", () => {
  beforeAll(() => useExecutor(before));
  const layer = recurrent(lstm(sizes));
  const params = layer.init(Key.of(1));

  test("streams that are closed, of elsewhere, or there twice; numbers of another size or kind", () => {
    const pool = streamPool(layer, params);
    const [a, b] = [pool.open(), pool.open()];
    const x = new Float32Array(2 * I);
    const held = tree(a.state);
    expect(() => pool.step([a, a], x)).toThrow(
      "streamPool: streams[1] is there twice; a stream takes one step at a time",
    );
    expect(() => pool.step([a, b], [1, 2])).toThrow("streamPool: a step takes 6 numbers, [2, 3], got 2");
    expect(() => pool.step([a, b], [1, 2, 3, 4, 5, Number.NaN])).toThrow(
      "streamPool: element 5 is NaN, which would stay in the state for good; the state is as it was",
    );
    expect(() => pool.step([a, b], [1, 2, 3, 4, 5, "6" as never])).toThrow(
      'streamPool: element 5 is "6", not a number',
    );
    expect(() => pool.step([a], [1, 2, 3], { y: 1 })).toThrow(
      "streamPool: a step does not read y; it reads x",
    );
    b.close();
    const none = "is not an open stream of this pool; open() gives one, and after close() it is none";
    expect(() => pool.step([a, b], x)).toThrow(`streamPool: streams[1] ${none}`);
    expect(() => pool.step([streamPool(layer, params).open()], [1, 2, 3])).toThrow(
      `streamPool: streams[0] ${none}`,
    );
    expect(tree(a.state)).toEqual(held);
    expect(Array.from(pool.step([], []))).toEqual([]);
    pool.dispose();
    pool.dispose();
    expect(() => pool.open()).toThrow("streamPool: this pool was disposed of");
  });

  test("settings that are none, a model that is none", () => {
    expect(() => streamPool(layer, params, { batch: 0 })).toThrow(
      "streamPool: batch is a positive integer, got 0",
    );
    expect(() => streamPool(embedding({ vocabulary: 3, features: 2 }) as never, params)).toThrow(
      "streamPool: model is",
    );
    expect(() => streamPool({ ...layer, stream: () => ({ dispose() {} }) } as never, params)).toThrow(
      "streamPool: model.stream gives no stream of openStream, so its state cannot be kept",
    );
  });
});
