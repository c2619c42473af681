import {
  add,
  bidirectional,
  chain,
  checkDerivatives,
  concat,
  constantInit,
  crossEntropyPerRow,
  defaultExecutor,
  defineCell,
  dropoutInCell,
  dropoutOver,
  embedding,
  gather,
  glorot,
  graph,
  grid,
  gru,
  Key,
  type Layer,
  layerNorm,
  layerNormalise,
  leafEntries,
  linear,
  lstm,
  matmul,
  mul,
  normalInit,
  ones,
  orthogonal,
  recurrent,
  residual,
  rnn,
  scope,
  stacked,
  sum,
  tanh,
  tensor,
  trees,
  unfold,
  type Value,
  valueAndGrad,
  zeros,
  zerosInit,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike, rows } from "./plain.js";

describe("linear", () => {
  test("x W + b over the last axis", () => {
    const layer = linear({ input: 2, output: 3 });
    const params = {
      W: tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      b: tensor([10, 20, 30]),
    };
    expect(numbers(layer.apply(params, tensor([1, 1])))).toEqual([15, 27, 39]);
    expect(
      numbers(
        layer.apply(
          params,
          tensor([
            [1, 0],
            [0, 1],
          ]),
        ),
      ),
    ).toEqual([11, 22, 33, 14, 25, 36]);
    expect(layer.apply(params, zeros([5, 4, 2])).shape).toEqual([5, 4, 3]);
  });

  test("without bias there is no b", () => {
    const layer = linear({ input: 2, output: 1, bias: false });
    expect(leafEntries(layer.init(Key.of(1))).map(([path]) => path)).toEqual(["W"]);
    expect(numbers(layer.apply({ W: tensor([[1], [2]]) }, tensor([3, 4])))).toEqual([11]);
  });

  test("the wrong width", () => {
    const layer = linear({ input: 2, output: 3 });
    expect(() => layer.apply(layer.init(Key.of(1)), zeros([4, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: linear: the input is [4, 3], expected 2 elements on the last axis]`,
    );
  });
});

describe("embedding", () => {
  const layer = embedding({ vocabulary: 4, features: 2 });
  const params = {
    E: tensor([
      [0, 1],
      [10, 11],
      [20, 21],
      [30, 31],
    ]),
  };

  test("rows of the table, and their gradient goes back to those rows", () => {
    const ids = tensor([2, 0, 2], "int32");
    expect(rows(layer.apply(params, ids))).toEqual([
      [20, 21],
      [0, 1],
      [20, 21],
    ]);
    const { grads } = valueAndGrad((p: { E: Value }) => sum(layer.apply(p, ids)))(params);
    expect(rows(grads.E)).toEqual([
      [1, 1],
      [0, 0],
      [2, 2],
      [0, 0],
    ]);
  });

  test("an id outside the table names itself", () => {
    expect(() => layer.apply(params, tensor([1, 4], "int32"))).toThrow(/index 4 .* outside 0\.\.3/);
  });

  test("starts with the deviation asked for", () => {
    const E = numbers(embedding({ vocabulary: 100, features: 100, std: 0.1 }).init(Key.of(1)).E);
    expect(Math.sqrt(E.reduce((s, v) => s + v * v, 0) / E.length)).toBeCloseTo(0.1, 2);
  });
});

describe("layer normalisation", () => {
  test("a constant row gives the bias", () => {
    const layer = layerNorm({ features: 3 });
    const params = { gain: tensor([2, 2, 2]), bias: tensor([5, 6, 7]) };
    expect(numbers(layer.apply(params, tensor([[4, 4, 4]])))).toEqual([5, 6, 7]);
  });

  test("a large mean does not swallow the variance", () => {
    const y = numbers(layerNormalise(tensor([1e4, 1e4 + 1, 1e4 + 2]), ones([3]), zeros([3])));
    expect(difference(y, [-1.2247, 0, 1.2247])).toBeLessThan(1e-3);
  });

  test("first and second derivatives", () => {
    const point = { x: normals(Key.of(1), 3, 4), gain: normals(Key.of(2), 4), bias: normals(Key.of(3), 4) };
    const weights = normals(Key.of(4), 3, 4);
    const f = (p: { x: Value; gain: Value; bias: Value }) =>
      sum(mul(weights, tanh(layerNormalise(p.x, p.gain, p.bias))));
    const { first, second } = checkDerivatives(f, point, { second: true });
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
  });

  test("the wrong width", () => {
    const layer = layerNorm({ features: 3 });
    expect(() => layer.apply(layer.init(Key.of(1)), zeros([2, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: layerNorm: the input is [2, 4], expected 3 elements on the last axis]`,
    );
  });
});

const lengths = [4, 2, 0, 3];
const structure = chain(lengths);
const x = normals(Key.of(1), 9, 3);
const small = { input: 3, hidden: 4 };

describe("recurrent", () => {
  test("is unfold, options and all", () => {
    const cell = lstm(small);
    const params = cell.init(Key.of(2), "float64");
    const layer = recurrent(cell);
    expect(leafEntries(layer.init(Key.of(2), "float64")).map(([, v]) => numbers(v))).toEqual(
      leafEntries(params).map(([, v]) => numbers(v)),
    );
    const initial = { s: normals(Key.of(3), 4, 4) };
    const loss = (out: { output: Value; final: { h: Value; s: Value } }) =>
      add(sum(mul(out.output, out.output)), sum(out.final.s));
    const options = { initial, backward: { kind: "truncated", every: 2 }, clipState: 0.01 } as const;
    const one = valueAndGrad((p: typeof params) =>
      loss(layer.apply(p, x, structure, { ...options, key: null })),
    );
    const other = valueAndGrad((p: typeof params) => loss(unfold(cell, p, { x }, structure, options)));
    expect(numbers(one(params).grads.W)).toEqual(numbers(other(params).grads.W));
    const full = valueAndGrad((p: typeof params) => loss(layer.apply(p, x, structure, { initial })));
    expect(numbers(full(params).grads.W)).not.toEqual(numbers(other(params).grads.W));
  });

  test("reads a whole sequence, then gives one output (R3)", () => {
    const layer = recurrent(gru(small));
    const classify = linear({ input: 4, output: 2 });
    const params = { layer: layer.init(Key.of(1), "float64"), classify: classify.init(Key.of(2), "float64") };
    const { output, final } = layer.apply(params.layer, x, structure);
    expect(classify.apply(params.classify, final.h).shape).toEqual([4, 2]);
    expect(rows(final.h)[0]).toEqual(rows(output)[structure.rowsOf(0)[3]!]);
  });

  test("reversed: the same as a forward run over each sequence turned round", () => {
    const layer = recurrent(gru(small), { reverse: true });
    const params = layer.init(Key.of(2), "float64");
    const { output, final } = layer.apply(params, structure.pack(x), structure);
    let start = 0;
    lengths.forEach((length, b) => {
      const turned = rows(x)
        .slice(start, start + length)
        .reverse();
      start += length;
      if (length === 0) {
        expect(rows(final.h)[b]).toEqual([0, 0, 0, 0]);
        return;
      }
      const alone = recurrent(gru(small)).apply(params, tensor(turned, "float64"), chain([length]));
      expect(structure.rowsOf(b).map((r) => rows(output)[r])).toEqual(rows(alone.output).reverse());
      expect(rows(final.h)[b]).toEqual(rows(alone.final.h)[0]);
    });
  });

  test("reversed over a reversed chain runs forwards", () => {
    const cell = gru(small);
    const params = cell.init(Key.of(2), "float64");
    const there = chain(lengths, { reverse: true });
    const twice = recurrent(cell, { reverse: true }).apply(params, x, there);
    expect(numbers(twice.output)).toEqual(numbers(recurrent(cell).apply(params, x, structure).output));
  });

  test("reversed over a tree runs from the root down; a grid has other starts instead", () => {
    const cell = rnn(small);
    const layer = recurrent(cell, { reverse: true });
    const params = layer.init(Key.of(1), "float64");
    const forest = trees([{ children: [[1, 2], [], [3], []] }]);
    const rows = normals(Key.of(3), 4, 3);
    const { output } = layer.apply(params, forest.pack(rows), forest);
    const down = graph([
      {
        nodes: 4,
        edges: [
          { from: 0, to: 1 },
          { from: 0, to: 2 },
          { from: 2, to: 3 },
        ],
      },
    ]);
    const plain = unfold(cell, params, { x: down.pack(rows) }, down).output;
    expect(numbers(forest.unpack(output))).toEqual(numbers(down.unpack(plain)));
    expect(() => layer.apply(params, zeros([2, 3], "float64"), grid([[1, 2]]))).toThrow(
      "Structure.reversed: initial state 0 is read 3 times, and turned round each would be the final state of one node; grids begin elsewhere by grid(sizes, { from }), and chains with delays run backwards by chain(lengths, { delays, reverse: true })",
    );
  });
});

describe("bidirectional", () => {
  const layer = bidirectional(lstm(small), rnn({ input: 3, hidden: 2 }));
  const params = layer.init(Key.of(2), "float64");

  test("h forwards and g backwards, side by side", () => {
    const { output, final } = layer.apply(params, x, structure);
    const h = unfold(lstm(small), params.forward, { x }, structure);
    const g = unfold(rnn({ input: 3, hidden: 2 }), params.backward, { x }, chain(lengths, { reverse: true }));
    expect(numbers(output)).toEqual(numbers(concat([h.output, g.output])));
    expect(numbers(final.forward.s)).toEqual(numbers(h.final.s));
    expect(numbers(final.backward.h)).toEqual(numbers(g.final.h));
  });

  test("each sequence by itself gives the same", () => {
    const { output } = layer.apply(params, structure.pack(x), structure);
    let start = 0;
    lengths.forEach((length, b) => {
      const own = rows(x).slice(start, start + length);
      start += length;
      if (length === 0) return;
      const alone = layer.apply(params, tensor(own, "float64"), chain([length]));
      expect(structure.rowsOf(b).map((r) => rows(output)[r])).toEqual(rows(alone.output));
    });
  });

  test("initial states per direction", () => {
    const initial = { backward: { h: ones([4, 2], "float64") } };
    const { final } = layer.apply(params, x, structure, { initial });
    expect(rows(final.backward.h)[2]).toEqual([1, 1]);
    expect(rows(final.forward.h)[2]).toEqual([0, 0, 0, 0]);
  });

  test("first and second derivatives", () => {
    const f = (p: { params: typeof params; x: Value }) => {
      const { output, final } = layer.apply(p.params, p.x, structure);
      return add(
        sum(mul(tanh(output), normals(Key.of(5), 9, 6))),
        sum(mul(final.backward.h, final.backward.h)),
      );
    };
    const { first, second } = checkDerivatives(
      f as (p: { params: object; x: Value }) => Value,
      {
        params: randomLike(params, Key.of(6)),
        x,
      },
      { second: true },
    );
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-6);
  });
});

describe("stacked", () => {
  const first = recurrent(lstm(small));
  const second = recurrent(gru({ input: 4, hidden: 4 }));
  const net = stacked([first, second]);
  const params = net.init(Key.of(2), "float64");

  test("each layer reads the one below; states are per layer", () => {
    const initial = [{ h: normals(Key.of(3), 4, 4) }, { h: normals(Key.of(4), 4, 4) }] as const;
    const { output, final } = net.apply(params, x, structure, { initial });
    const below = first.apply(params[0], x, structure, { initial: initial[0] });
    const above = second.apply(params[1], below.output, structure, { initial: initial[1] });
    expect(numbers(output)).toEqual(numbers(above.output));
    expect(numbers(final[0].s)).toEqual(numbers(below.final.s));
    expect(numbers(final[1].h)).toEqual(numbers(above.final.h));
  });

  test("layers start differently", () => {
    const twice = stacked([recurrent(rnn({ input: 3, hidden: 3 })), recurrent(rnn({ input: 3, hidden: 3 }))]);
    const [a, b] = twice.init(Key.of(1));
    expect(numbers(a.W)).not.toEqual(numbers(b.W));
  });

  test("a number of layers that is not known beforehand", () => {
    const deep = stacked(
      Array.from({ length: 3 }, (_, k) => recurrent(rnn({ input: k === 0 ? 3 : 4, hidden: 4 }))),
    );
    const { output, final } = deep.apply(deep.init(Key.of(1), "float64"), x, structure);
    expect(final.length).toBe(3);
    expect(numbers(final[2]!.h)).toEqual(rows(final[2]!.h).flat());
    expect(output.shape).toEqual([9, 4]);
  });

  test("segments joined by their states equal the whole", () => {
    const whole = net.apply(params, x.view([6, 3]), chain([6]));
    const head = net.apply(params, x.view([4, 3]), chain([4]));
    const tail = net.apply(params, x.view([2, 3], 12), chain([2]), { initial: head.final });
    expect([...rows(head.output), ...rows(tail.output)]).toEqual(rows(whole.output));
  });

  test("residual: widths that agree are added", () => {
    const skipping = stacked([first, second], { residual: true });
    const plain = first.apply(params[0], x, structure).output;
    const above = second.apply(params[1], plain, structure).output;
    const { output } = skipping.apply(params, x, structure);
    expect(difference(numbers(output), numbers(add(plain, above)))).toBeLessThan(1e-15);
  });

  test("residual that would be added nowhere", () => {
    expect(() => stacked([first], { residual: true })).toThrow(
      "stacked: residual adds a layer's input to its output where they have one width, but no layer here keeps it ([3] to [4]); make a layer as wide as its input, or leave out residual",
    );
    const identity: Layer<object> = { init: () => ({}), apply: (_, x) => x };
    // A layer that does not say its width may have that of its input.
    expect(() => stacked([first, identity], { residual: true })).not.toThrow();
  });

  test("skip: each layer reads the stack's input too, and all outputs are given", () => {
    const upper = recurrent(gru({ input: 7, hidden: 2 }));
    const skipping = stacked([first, upper], { skip: true });
    expect(skipping.features).toBe(6);
    const skipParams = skipping.init(Key.of(2), "float64");
    const key = Key.of(3);
    const below = first.apply(skipParams[0], x, structure).output;
    const above = upper.apply(skipParams[1], concat([below, x]), structure).output;
    const { output } = skipping.apply(skipParams, x, structure);
    expect(numbers(output)).toEqual(numbers(concat([below, above])));
    // Only what comes from the layer below is dropped, not the stack's input.
    const noisy = stacked([first, upper], { skip: true, dropout: 0.5 });
    const masked = concat([dropoutOver(structure, below, 0.5, key.fold(3)), x]);
    expect(numbers(noisy.apply(skipParams, x, structure, { key }).output)).toEqual(
      numbers(concat([below, upper.apply(skipParams[1], masked, structure).output])),
    );
    const f = (p: typeof skipParams) =>
      sum(mul(skipping.apply(p, x, structure).output, normals(Key.of(6), 9, 6)));
    expect(checkDerivatives(f, randomLike(skipParams, Key.of(8)), { second: true }).first).toBeLessThan(1e-7);
  });

  test("skip with layers that are made for something else", () => {
    expect(() => stacked([first, second], { skip: true })).toThrow(
      "stacked: with skip, layer 1 (from 0) reads [7], the 4 features of the layer before it and the 3 of the stack's input, but it is made for [4]",
    );
    expect(() => stacked([embedding({ vocabulary: 5, features: 3 }), second], { skip: true })).toThrow(
      "stacked: skip joins the stack's input to what layers give, so its rows are [features] and no symbols; layer 0 (from 0) reads int32 []. Put what makes numbers of it before such a stack: stacked([embedding(...), stacked([...], { skip: true })])",
    );
    expect(() => stacked([first, second], { skip: true, residual: true })).toThrow(
      "stacked: residual and skip, but with skip a layer reads more than it could be added to; wrap layers in residual(), or choose one",
    );
  });

  test("dropout acts between layers only, and only with a key", () => {
    const noisy = stacked([first, second], { dropout: 0.5 });
    const still = numbers(net.apply(params, x, structure).output);
    expect(numbers(noisy.apply(params, x, structure).output)).toEqual(still);
    expect(numbers(noisy.apply(params, x, structure, { key: null }).output)).toEqual(still);
    const key = Key.of(5);
    const below = first.apply(params[0], x, structure);
    const masked = dropoutOver(structure, below.output, 0.5, key.fold(3));
    const above = second.apply(params[1], masked, structure);
    const { output, final } = noisy.apply(params, x, structure, { key });
    expect(numbers(output)).toEqual(numbers(above.output));
    expect(numbers(final[0].h)).toEqual(numbers(below.final.h));
    expect(numbers(output)).not.toEqual(still);
    expect(() => stacked([first], { dropout: 1 })).toThrow(RangeError);
  });

  test("a sequence alone drops the same units", () => {
    const noisy = stacked([first, second], { dropout: 0.5 });
    const key = Key.of(5);
    const { output } = noisy.apply(params, structure.pack(x), structure, { key });
    const alone = noisy.apply(params, tensor(rows(x).slice(4, 6), "float64"), chain([2], { examples: [1] }), {
      key,
    });
    expect(structure.rowsOf(1).map((r) => rows(output)[r])).toEqual(rows(alone.output));
  });

  test("gradients keep the parameters' type, first and second derivatives with dropout drawn", () => {
    const noisy = stacked([first, second], { dropout: 0.3, residual: true });
    const f = (p: typeof params) =>
      sum(mul(noisy.apply(p, x, structure, { key: Key.of(5) }).output, normals(Key.of(6), 9, 4)));
    const { grads } = valueAndGrad(f)(params);
    expect(grads[0].U.shape).toEqual([3, 16]);
    expect(grads[1].Wtarget.shape).toEqual([4, 4]);
    const check = checkDerivatives(f, randomLike(params, Key.of(8)), { second: true });
    expect(check.first).toBeLessThan(1e-7);
    expect(check.second).toBeLessThan(1e-6);
  });
});

describe("residual", () => {
  test("around a sequence layer and around one that works row by row, alone and in a stack", () => {
    const lower = recurrent(rnn({ input: 3, hidden: 3 }));
    const affine = linear({ input: 3, output: 3 });
    const params = randomLike(
      { lower: lower.init(Key.of(1), "float64"), affine: affine.init(Key.of(2), "float64") },
      Key.of(3),
    );
    const h = lower.apply(params.lower, x, structure);
    const first = residual(lower).apply(params.lower, x, structure);
    expect(numbers(first.output)).toEqual(numbers(add(x, h.output)));
    expect(numbers(first.final.h)).toEqual(numbers(h.final.h));
    const expected = numbers(add(first.output, affine.apply(params.affine, first.output)));
    expect(numbers(residual(affine).apply(params.affine, first.output))).toEqual(expected);
    const net = stacked([residual(lower), residual(affine)]);
    expect(net.features).toBe(3);
    expect(numbers(net.apply([params.lower, params.affine], x, structure).output)).toEqual(expected);
    // The setting of a stack does the same.
    const all = stacked([lower, affine], { residual: true });
    expect(numbers(all.apply([params.lower, params.affine], x, structure).output)).toEqual(expected);
  });

  test("a layer that does not keep the width", () => {
    const message =
      "residual: the layer makes rows of [4] from rows of [3]; x + layer(x) needs one width. Make the layer as wide as its input, or use it without residual()";
    expect(() => residual(recurrent(lstm(small)))).toThrow(message);
    expect(() => residual(linear({ input: 3, output: 4 }))).toThrow(message);
    // One that does not say its widths is found out when it runs.
    const shapeless = residual({ init: () => ({}), apply: (_, x) => concat([x, x]) });
    expect(() => shapeless.apply({}, x)).toThrow("residual: the layer makes rows of [6] from rows of [3]");
  });
});

describe("inside a cell", () => {
  // A table look-up, dropout, layer normalisation and the loss itself, all in one step.
  const everything = defineCell({
    name: "everything",
    inputs: (_: { n: number }) => ({
      id: { shape: [], dtype: "int32" as const },
      y: { shape: [], dtype: "int32" as const },
    }),
    state: ({ n }) => ({ h: [n] }),
    params: ({ n }) => ({
      E: normalInit(1, 5, n),
      W: orthogonal(n, n),
      V: glorot(n, 5),
      gain: constantInit(1, n),
      bias: zerosInit(n),
    }),
    step({ id, y, h }, { E, W, V, gain, bias }, context) {
      const kept = dropoutInCell(h, 0.2, context);
      const a = tanh(layerNormalise(add(gather(E, id), matmul(kept, W)), gain, bias));
      return { state: { h: a }, output: crossEntropyPerRow(matmul(a, V), y) };
    },
  })({ n: 4 });
  const params = randomLike(everything.init(Key.of(1), "float64"), Key.of(2));
  const id = tensor([0, 1, 2, 3, 4, 0, 1, 2, 3], "int32");
  const y = tensor([4, 1, 2, 2, 4, 0, 1, 0, 3], "int32");
  const loss = (loop: "compiled" | "plain") => (p: typeof params) =>
    sum(unfold(everything, p, { id, y }, structure, { key: Key.of(3), loop }).output);

  test("compiled and plain agree", () => {
    const fast = valueAndGrad(loss("compiled"))(params);
    const slow = valueAndGrad(loss("plain"))(params);
    expect(difference(numbers(fast.value), numbers(slow.value))).toBeLessThan(1e-13);
    expect(
      difference(Object.values(fast.grads).flatMap(numbers), Object.values(slow.grads).flatMap(numbers)),
    ).toBeLessThan(1e-13);
  });

  test("first and second derivatives", () => {
    const check = checkDerivatives(loss("compiled"), params, { second: true });
    expect(check.first).toBeLessThan(1e-7);
    expect(check.second).toBeLessThan(1e-6);
  });
});

test("training neither leaks nor compiles anew", () => {
  const net = stacked(
    [
      recurrent(lstm({ input: 3, hidden: 5 })),
      bidirectional(gru({ input: 5, hidden: 5 }), gru({ input: 5, hidden: 5 })),
    ],
    { dropout: 0.2 },
  );
  const params = net.init(Key.of(1), "float64");
  const step = (i: number) =>
    scope(() => {
      const f = (p: typeof params) => {
        const { output } = net.apply(p, x, structure, { key: Key.of(i) });
        return sum(mul(output, output));
      };
      return Number.isFinite(numbers(valueAndGrad(f)(params).value)[0]);
    });
  expect(step(0) && step(1)).toBe(true);
  const { compiled, bytesInUse } = defaultExecutor().statistics;
  for (let i = 2; i < 30; i++) expect(step(i)).toBe(true);
  expect(defaultExecutor().statistics.compiled).toBe(compiled);
  expect(defaultExecutor().statistics.bytesInUse).toBe(bytesInUse);
});
