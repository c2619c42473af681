import {
  type AnySequenceLayer,
  bidirectional,
  chain,
  convolution,
  gru,
  inputSensitivity,
  Key,
  linear,
  lstm,
  normal,
  recurrent,
  rnn,
  slidingWindow,
  stacked,
  type Tensor,
  tcn,
  tensor,
  trees,
  type Value,
  vjp,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike } from "../nn/plain.js";

const structure = chain([9, 4]);
const x = normals(Key.of(3), structure.nodes, 2);

/** Which outputs may depend on which inputs. */
const layers: Readonly<Record<string, readonly [AnySequenceLayer, sees: (lag: number) => boolean]>> = {
  "a window": [convolution({ input: 2, output: 3, width: 4, ahead: 1 }), (lag) => lag <= 2 && lag >= -1],
  "a dilated window": [
    convolution({ input: 2, output: 3, width: 3, dilation: 2, ahead: 1 }),
    (lag) => lag === 2 || lag === 0 || lag === -2,
  ],
  "a one-way net": [recurrent(lstm({ input: 2, hidden: 3 })), (lag) => lag >= 0],
  "a one-way net from the end": [
    recurrent(rnn({ input: 2, hidden: 3 }), { reverse: true }),
    (lag) => lag <= 0,
  ],
  "a one-way net with a look-ahead": [
    stacked([slidingWindow({ input: 2, behind: 0, ahead: 2 }), recurrent(gru({ input: 6, hidden: 3 }))]),
    (lag) => lag >= -2,
  ],
  "a two-way net": [
    stacked([
      bidirectional(gru({ input: 2, hidden: 3 }), gru({ input: 2, hidden: 3 })),
      linear({ input: 6, output: 2 }),
    ]),
    () => true,
  ],
};

describe.each(Object.entries(layers))("%s", (_, [layer, sees]) => {
  const params = randomLike(layer.init(Key.of(1), "float64") as object, Key.of(2));
  const outputs = (of: Value) => layer.apply(params, of, structure).output;

  test("is blind outside of what it sees, exactly, and not inside", async () => {
    const { norms, lags } = await inputSensitivity(outputs, x, structure);
    expect(lags.map(({ lag }) => lag)).toEqual(Array.from({ length: 17 }, (_, i) => i - 8));
    expect(lags.map(({ pairs }) => pairs).slice(0, 9)).toEqual([1, 2, 3, 4, 5, 7, 9, 11, 13]);
    for (const { lag, smallest, largest } of lags) {
      expect(smallest > 0).toBe(sees(lag));
      expect(largest > 0).toBe(sees(lag));
    }
    expect(norms.map(({ length }) => length)).toEqual([81, 16]);
  });

  test("the norms are those of the Jacobian, and do not depend on what else is in the batch", async () => {
    const { norms } = await inputSensitivity(outputs, x, structure);
    const alone = chain([4]);
    const own = structure.unpack(x) as Tensor;
    const last = tensor(
      Array.from({ length: 4 }, (_, t) => numbers(own).slice(18 + 2 * t, 20 + 2 * t)),
      "float64",
    );
    const inSequence = (of: Value) => layer.apply(params, of, alone).output;
    const single = await inputSensitivity(inSequence, last, alone);
    expect(difference(norms[1]!, single.norms[0]!)).toBeLessThan(1e-12);
    const { pullback, value, dispose } = vjp(inSequence, last);
    const features = value.shape[1]!;
    let squares = 0;
    for (let i = 0; i < features; i++) {
      const seed = new Float64Array(4 * features);
      seed[2 * features + i] = 1;
      const back = pullback(tensor(rowsOf(seed, features), "float64"));
      squares += numbers(back)
        .slice(2, 4)
        .reduce((sum, v) => sum + v * v, 0);
    }
    dispose();
    // Output 2, input 1.
    expect(single.norms[0]![2 * 4 + 1]!).toBeCloseTo(Math.sqrt(squares), 12);
  });
});

function rowsOf(of: Float64Array, width: number): number[][] {
  return Array.from({ length: of.length / width }, (_, r) =>
    Array.from(of.slice(r * width, (r + 1) * width)),
  );
}

test("a linear recurrence: the sensitivity falls by its factor per step", async () => {
  // The slope of tanh at 0 is 1: h(t) = .5 h(t-1) + x(t) near there.
  const cell = rnn({ input: 1, hidden: 1 });
  const params = { U: tensor([[1]], "float64"), W: tensor([[0.5]], "float64"), b: tensor([0], "float64") };
  const layer = recurrent(cell);
  const { lags } = await inputSensitivity(
    (of) => layer.apply(params, of, chain([6])).output,
    zeros([6, 1], "float64"),
    chain([6]),
  );
  expect(lags.map(({ norm }) => norm)).toEqual([0, 0, 0, 0, 0, 1, 0.5, 0.25, 0.125, 0.0625, 0.03125]);
});

test("a temporal convolutional network sees as far as it says", async () => {
  const net = tcn({ input: 2, channels: [6, 6], width: 2 });
  const params = net.init(Key.of(1), "float64");
  const over = chain([12]);
  const { lags } = await inputSensitivity(
    (of) => net.apply(params, of, over).output,
    normals(Key.of(2), 12, 2),
    over,
  );
  expect(net.reach.behind).toBe(6);
  for (const { lag, largest } of lags) expect(largest > 0).toBe(lag >= 0 && lag <= 6);
});

test("what is refused", async () => {
  await expect(
    inputSensitivity((of) => of, zeros([3, 1]), trees([{ children: [[1, 2], [], []] }])),
  ).rejects.toThrow(
    "inputSensitivity: a distance t - s needs a chain, made by chain(lengths): trees and graphs have no clock",
  );
  await expect(inputSensitivity((of) => of, normal(Key.of(1), [3, 1]), chain([4]))).rejects.toThrow(
    "inputSensitivity: x has 3 rows, the structure has 4 nodes; each node has an input and an output",
  );
});
