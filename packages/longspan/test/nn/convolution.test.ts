import {
  type AnySequenceLayer,
  add,
  capture,
  chain,
  checkDerivatives,
  convolution,
  fromArray,
  graph,
  gru,
  Key,
  linear,
  mean,
  mul,
  onCpu,
  ones,
  recurrent,
  residual,
  slice,
  slidingWindow,
  square,
  stacked,
  sum,
  type Tensor,
  tcn,
  tcnBlock,
  tensor,
  trees,
  type Value,
  valueAndGrad,
  valueAndGradPerExample,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike } from "./plain.js";

const lengths = [5, 0, 9, 1];
const structure = chain(lengths);

/** Layers of every kind, each with features that it reads. */
const layers: Readonly<Record<string, AnySequenceLayer>> = {
  "a window": slidingWindow({ input: 3, behind: 2, dilation: 2 }),
  "a window with a look-ahead": slidingWindow({ input: 3, behind: 1, ahead: 2 }),
  "a window of one": slidingWindow({ input: 3, behind: 0 }),
  "a causal convolution": convolution({ input: 3, output: 4, width: 3, dilation: 2 }),
  "a convolution of width 1": convolution({ input: 3, output: 4, width: 1 }),
  "a convolution on both sides": convolution({ input: 3, output: 4, width: 5, ahead: 2, dilation: 2 }),
  "a convolution of what comes": convolution({ input: 3, output: 2, width: 3, ahead: 2 }),
  "with weight normalisation": convolution({ input: 3, output: 4, width: 2, weightNorm: true }),
  "a residual block": tcnBlock({ input: 3, output: 4, width: 2, dilation: 2 }),
  "a residual block with layer normalisation": tcnBlock({ input: 3, output: 3, width: 2, norm: "layer" }),
  "a residual block without normalisation": tcnBlock({ input: 3, output: 3, width: 2, norm: "none" }),
  "a temporal convolutional network": tcn({ input: 3, channels: [4, 4, 5], width: 2 }),
  "a stack around a residual": stacked([
    convolution({ input: 3, output: 3, width: 2 }),
    residual(convolution({ input: 3, output: 3, width: 3 })),
    linear({ input: 3, output: 2 }),
  ]),
  "a recurrent layer with a look-ahead": stacked([
    slidingWindow({ input: 3, behind: 0, ahead: 2 }),
    recurrent(gru({ input: 9, hidden: 3 })),
  ]),
};
const named = Object.entries(layers);
const forward = named.filter(([, layer]) => layer.forward);

function pointOf(layer: AnySequenceLayer, of = structure) {
  return {
    params: randomLike(layer.init(Key.of(1), "float64") as object, Key.of(2)),
    x: normals(Key.of(3), of.nodes, 3),
  };
}

const rowsOf = (rows: Value, from: number, to: number) => numbers(slice(rows, 0, from, to));

test("what a convolution is", () => {
  const layer = convolution({ input: 1, output: 1, width: 3, dilation: 2, ahead: 1 });
  const params = { W: tensor([[100], [10], [1]]), b: tensor([0.5]) };
  // Each step reads what lies two steps before it, itself, and what lies two steps after it.
  const x = tensor([[1], [2], [3], [4], [5]]);
  expect(numbers(layer.apply(params, x, chain([5])).output)).toEqual([13.5, 24.5, 135.5, 240.5, 350.5]);
});

test("what a window is, also over a chain that runs backwards", () => {
  const window = slidingWindow({ input: 1, behind: 2, ahead: 1 });
  const x = tensor([[1], [2], [3]]);
  expect(numbers(window.apply({}, x, chain([3])).output)).toEqual([0, 0, 1, 2, 0, 1, 2, 3, 1, 2, 3, 0]);
  const backwards = chain([3], { reverse: true });
  expect(numbers(window.apply({}, x, backwards).output)).toEqual([3, 2, 1, 0, 0, 3, 2, 1, 0, 0, 3, 2]);
  expect(numbers(window.apply({}, x, backwards).final.past)).toEqual([2, 1]);
});

describe.each(named)("%s", (_, layer) => {
  test("a sequence of a batch gives what it gives alone", () => {
    const { params, x } = pointOf(layer);
    const { output, final } = layer.apply(params, x, structure);
    const inOrder = structure.unpack(output);
    const alone = structure.unpack(x);
    let at = 0;
    for (const n of lengths) {
      const own = layer.apply(params, slice(alone, 0, at, at + n), chain([n])).output;
      expect(difference(rowsOf(inOrder, at, at + n), numbers(own))).toBeLessThan(1e-12);
      at += n;
    }
    expect(final).toBeDefined();
  });

  test("derivatives, first and second", () => {
    const point = pointOf(layer, chain([4, 0, 6]));
    const over = chain([4, 0, 6]);
    const weights = normals(Key.of(5), over.nodes, layer.features!);
    const loss = ({ params, x }: { params: object; x: Value }) => {
      const { output } = layer.apply(params, x, over);
      return add(sum(mul(output, weights)), mean(square(output)));
    };
    const { first, second } = checkDerivatives(loss, point, {
      second: true,
    });
    expect(first).toBeLessThan(1e-8);
    expect(second).toBeLessThan(1e-7);
  });
});

describe.each(forward)("%s", (_, layer) => {
  test("a stream gives the numbers of the whole", () => {
    const over = chain([6, 6]);
    const { params, x } = pointOf(layer, over);
    const { output, final } = layer.apply(params, x, over);
    // Parameters say the type of a stream's numbers; where there are none it is float32.
    const tolerance = flat(params).length > 0 ? 1e-12 : 1e-6;
    const stream = layer.stream(params, { sequences: 2 });
    for (let t = 0; t < 6; t++) {
      const step = stream.step(rowsOf(x, 2 * t, 2 * t + 2)) as ArrayLike<number>;
      expect(difference(step, rowsOf(output, 2 * t, 2 * t + 2))).toBeLessThan(tolerance);
    }
    expect(difference(flat(stream.state), flat(final))).toBeLessThan(tolerance);
    stream.dispose();
  });

  test("parts that hand their state on are the whole", () => {
    const { params, x } = pointOf(layer, chain([7]));
    const whole = layer.apply(params, x, chain([7]));
    // Also a part that is shorter than what is remembered, and one of no steps.
    let initial: unknown;
    let at = 0;
    for (const n of [1, 0, 4, 2]) {
      const part = layer.apply(params, slice(x, 0, at, at + n), chain([n]), {
        ...(initial ? { initial: initial as object } : {}),
      });
      expect(difference(numbers(part.output), rowsOf(whole.output, at, at + n))).toBeLessThan(1e-12);
      initial = part.final;
      at += n;
    }
    expect(difference(flat(initial), flat(whole.final))).toBe(0);
  });
});

/** All numbers of a tree. */
function flat(tree: unknown): number[] {
  if (typeof tree !== "object" || tree === null) return [];
  if ("dtype" in tree) return numbers(tree as Value);
  return Object.values(tree).flatMap(flat);
}

test("the gradient goes back through the past that was handed on", () => {
  const layer = convolution({ input: 3, output: 2, width: 3 });
  const over = chain([1, 3]);
  const point = {
    params: randomLike(layer.init(Key.of(1), "float64"), Key.of(2)),
    past: normals(Key.of(4), 2, 2, 3),
  };
  const x = normals(Key.of(3), 4, 3);
  const { first, second } = checkDerivatives(
    ({ params, past }: typeof point) => {
      const { output, final } = layer.apply(params, x, over, { initial: { past } });
      return add(sum(square(output)), sum(square(final.past)));
    },
    point,
    { second: true },
  );
  expect(first).toBeLessThan(1e-8);
  expect(second).toBeLessThan(1e-7);
});

test("weight normalisation starts as the weights that it is given, and its size is g", () => {
  const plain = convolution({ input: 3, output: 4, width: 2 });
  const normed = convolution({ input: 3, output: 4, width: 2, weightNorm: true });
  const x = normals(Key.of(3), 4, 3);
  const [one, other] = [plain.init(Key.of(1), "float64"), normed.init(Key.of(1), "float64")];
  const outputOf = (layer: AnySequenceLayer, params: object) =>
    numbers(layer.apply(params, x, chain([3, 1])).output);
  expect(difference(outputOf(normed, other), outputOf(plain, one))).toBeLessThan(1e-14);
  const scaled = { ...other, V: mul(other.V, 7) as Tensor };
  expect(difference(outputOf(normed, scaled), outputOf(plain, one))).toBeLessThan(1e-14);
});

test("how far layers see", () => {
  expect(convolution({ input: 1, output: 1, width: 5, dilation: 3, ahead: 1 }).reach).toEqual({
    behind: 9,
    ahead: 3,
  });
  expect(tcnBlock({ input: 1, output: 1, width: 3, dilation: 4 }).reach).toEqual({ behind: 16, ahead: 0 });
  expect(tcn({ input: 1, channels: [2, 2, 2], width: 3 }).reach).toEqual({ behind: 28, ahead: 0 });
  expect(slidingWindow({ input: 1, behind: 2, ahead: 3, dilation: 2 }).reach).toEqual({
    behind: 4,
    ahead: 6,
  });
});

test("dropout drops whole features of a sequence, and nothing without a key", () => {
  const block = tcnBlock({ input: 3, output: 8, width: 1, norm: "none", dropout: 0.5 });
  const params = block.init(Key.of(1));
  const over = chain([4]);
  const x = ones([4, 3]);
  const outputs = (key: Key | null) => onCpu(block.apply(params, x, over, { key }).output).toArray();
  // All steps read the same, and are dropped alike.
  const dropped = outputs(Key.of(2));
  for (let t = 1; t < 4; t++)
    expect(Array.from(dropped.subarray(8 * t, 8 * t + 8))).toEqual(Array.from(dropped.subarray(0, 8)));
  expect(outputs(null)).toEqual(outputs(null));
  expect(dropped).not.toEqual(outputs(null));
  const afresh = tcnBlock({ input: 3, output: 8, width: 1, norm: "none", dropout: 0.5, drawnPer: "node" });
  const each = onCpu(afresh.apply(params, x, over, { key: Key.of(2) }).output).toArray();
  expect(Array.from(each.subarray(8, 16))).not.toEqual(Array.from(each.subarray(0, 8)));
});

test("rows of a stream may be left out or come twice, as the beams of a search do", () => {
  const net = tcn({ input: 2, channels: [3, 3], width: 2 });
  const params = net.init(Key.of(1), "float64");
  const stream = net.stream(params, { sequences: 2 });
  stream.step([1, 2, 3, 4]);
  stream.select([1, 1, 0]);
  const rows = Array.from(stream.step([5, 6, 7, 8, 5, 6]) as ArrayLike<number>);
  const whole = (first: number[], then: number[]) => {
    const { output } = net.apply(params, tensor([first, then], "float64"), chain([2]));
    return rowsOf(output, 1, 2);
  };
  const expected = [whole([3, 4], [5, 6]), whole([3, 4], [7, 8]), whole([1, 2], [5, 6])].flat();
  expect(difference(rows, expected)).toBeLessThan(1e-12);
  stream.dispose();
});

test("the gradient of each sequence of a batch is that of the sequence alone", () => {
  const net = tcn({ input: 3, channels: [4], width: 3 });
  const params = net.init(Key.of(1), "float64");
  const over = chain([4, 2]);
  const x = normals(Key.of(3), 6, 3);
  const losses = (p: typeof params) =>
    over.sumPerSequence(mean(square(net.apply(p as never, x, over).output), 1));
  const { grads } = valueAndGradPerExample(losses)(params);
  const inOrder = over.unpack(x);
  for (const [b, [from, to]] of [
    [0, 4],
    [4, 6],
  ].entries()) {
    const own = slice(inOrder, 0, from!, to!);
    const alone = valueAndGrad((p: typeof params) =>
      sum(mean(square(net.apply(p as never, own, chain([to! - from!])).output), 1)),
    )(params).grads;
    expect(difference(flat(grads[b]), flat(alone))).toBeLessThan(1e-12);
  }
});

test("there is no recurrence to truncate or to clip", () => {
  const layer = convolution({ input: 3, output: 2, width: 3 });
  const params = layer.init(Key.of(1), "float64");
  const x = normals(Key.of(3), 5, 3);
  const gradient = (options: object) =>
    flat(
      valueAndGrad((p: typeof params) => sum(square(layer.apply(p, x, chain([5]), options).output)))(params)
        .grads,
    );
  expect(gradient({ backward: { kind: "truncated", every: 1 }, clipState: 1e-9 })).toEqual(gradient({}));
});

test("a gradient that is captured is that of a call", () => {
  const net = tcn({ input: 3, channels: [4], width: 2 });
  const params = net.init(Key.of(1));
  const over = chain([4, 2]);
  const gradient = (p: typeof params, x: Value) =>
    valueAndGrad((q: typeof params) => sum(square(net.apply(q, x, over).output)))(p).value;
  const captured = capture(gradient);
  for (let i = 0; i < 4; i++) {
    const x = fromArray(
      Float32Array.from({ length: 18 }, (_, k) => Math.sin(k + i)),
      [6, 3],
    );
    expect(numbers(captured(params, x))).toEqual(numbers(gradient(params, x)));
  }
});

describe("what is refused", () => {
  const layer = convolution({ input: 3, output: 4, width: 3 });
  const params = layer.init(Key.of(1));

  test("another structure than chains", () => {
    for (const other of [
      trees([{ children: [[1, 2], [], []] }]),
      graph([{ nodes: 3, edges: [{ from: 0, to: 2 }] }]),
      chain([3]).truncated(2),
    ])
      expect(() => layer.apply(params, zeros([3, 3]), other)).toThrow(
        "convolution: rows before and after a step are those of chains, made by chain(lengths); this structure has other edges",
      );
  });

  test("other features, another past, other weights", () => {
    expect(() => layer.apply(params, zeros([3, 2]), chain([3]))).toThrow(
      "convolution.apply: x is [3, 2], expected [nodes, 3]",
    );
    expect(() =>
      layer.apply(params, zeros([3, 3]), chain([3]), { initial: { past: zeros([1, 1, 3]) } }),
    ).toThrow(
      "convolution.apply: initial.past is [1, 1, 3], expected [1, 2, 3]: [sequences, steps before the first, features]",
    );
    expect(() => convolution({ input: 3, output: 4, width: 3, W: linearStart() })).toThrow(
      "convolution: W is [3, 4], expected [9, 4]: [width * input, output]",
    );
    expect(() => convolution({ input: 3, output: 4, width: 3, ahead: 3 })).toThrow(
      "convolution: ahead is 3, expected less than width, 3: of the 3 inputs that an output reads, one is the present one",
    );
    expect(() => tcn({ input: 3, channels: [], width: 3 })).toThrow(
      "tcn: channels names at least one block by the features that it gives, got none",
    );
  });

  test("a stream of a layer that looks ahead", () => {
    const ahead = convolution({ input: 3, output: 4, width: 3, ahead: 1 });
    expect(() => ahead.stream(ahead.init(Key.of(1)))).toThrow(
      "stream convolution: the layer reads what comes after a step, which a stream does not know yet; stream a forward layer",
    );
  });
});

function linearStart() {
  const { W } = linear({ input: 3, output: 4 }).init(Key.of(1));
  return { shape: W.shape, initialise: () => W };
}
