// Weights of PyTorch's modules, in and out, against what the modules gave (golden/make_golden.py).
import { readFileSync } from "node:fs";
import {
  chain,
  decodePytorch,
  decodeSafetensors,
  encodePytorch,
  encodeSafetensors,
  fromPytorch,
  Key,
  leafEntries,
  lstm,
  onCpu,
  type PytorchKind,
  recurrent,
  rnn,
  type StoredWeights,
  stacked,
  type Tensor,
  tensor,
  toPytorch,
} from "longspan";
import { describe, expect, test } from "vitest";

const folder = new URL("golden/", import.meta.url);
const bytesOf = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));
const golden = JSON.parse(readFileSync(new URL("golden.json", folder), "utf8"));

interface Sequences {
  readonly lengths: number[];
  readonly x: number[][][];
  readonly output: number[][][];
}

const recurrentModules: [string, PytorchKind][] = [
  ["lstm", "LSTM"],
  ["lstm_both_projected", "LSTM"],
  ["lstm_without_bias", "LSTM"],
  ["gru", "GRU"],
  ["rnn_tanh", "RNN"],
  ["rnn_relu", "RNN"],
  ["lstm_cell", "LSTMCell"],
  ["gru_cell", "GRUCell"],
  ["rnn_cell", "RNNCell"],
];
const rowModules: [string, "Linear" | "Embedding" | "LayerNorm"][] = [
  ["linear", "Linear"],
  ["linear_without_bias", "Linear"],
  ["embedding", "Embedding"],
  ["layer_norm", "LayerNorm"],
];

/** Float32 sums of a dozen terms of size 1 in another order: some units in the last place. */
const tolerance = 2e-6;

function expectClose(found: Tensor, wanted: readonly (readonly number[])[]) {
  const numbers = wanted.flat();
  expect(found.size).toBe(numbers.length);
  const values = [...onCpu(found).toArray()];
  for (const [i, value] of values.entries()) expect(Math.abs(value - numbers[i]!)).toBeLessThan(tolerance);
}

/** Sequences one after the other become the rows of a chain, and back. */
function over(chainOf: number[], sequences: number[][][]) {
  const structure = chain(chainOf);
  const all = sequences.flat();
  return { structure, rows: Array.from(structure.parts.order, (at) => all[at]!) };
}

const settings = (name: string) => (name === "rnn_relu" ? { activation: "relu" as const } : {});

test.each(recurrentModules)(
  "%s gives what the module gives, at several lengths and batches",
  (name, kind) => {
    const { layer, params } = fromPytorch(
      kind as "LSTM",
      decodePytorch(bytesOf(`${name}.pt`)),
      settings(name),
    );
    for (const { lengths, x, output } of golden[name] as Sequences[]) {
      const { structure, rows } = over(lengths, x);
      const found = layer.apply(params, tensor(rows), structure).output as Tensor;
      expectClose(found, over(lengths, output).rows);
    }
  },
);

test.each(rowModules)("%s gives what the module gives", (name, kind) => {
  const { layer, params } = fromPytorch(kind, decodePytorch(bytesOf(`${name}.pt`)));
  const { x, output } = golden[name];
  const rows = kind === "Embedding" ? tensor(x, "int32") : tensor(x);
  expectClose((layer as { apply(p: unknown, x: Tensor): unknown }).apply(params, rows) as Tensor, output);
});

const same = (a: StoredWeights, b: StoredWeights) =>
  expect([...a.tensors].sort(([m], [n]) => (m < n ? -1 : 1))).toEqual(
    [...b.tensors].sort(([m], [n]) => (m < n ? -1 : 1)),
  );

test.each([...recurrentModules, ...rowModules])(
  "%s: parameters go out and come back bit for bit, in both formats",
  async (name, kind) => {
    const { params } = fromPytorch(kind as "LSTM", decodePytorch(bytesOf(`${name}.pt`)), settings(name));
    const out = toPytorch(kind, params, { prefix: "net." });
    const pt = decodePytorch(await encodePytorch(out));
    same(pt, decodeSafetensors(await encodeSafetensors(out)));
    const back = fromPytorch(kind as "LSTM", pt, { prefix: "net.", ...settings(name) }).params;
    const entries = (tree: unknown) =>
      leafEntries(tree).map(([path, value]) => [path, onCpu(value as Tensor).toArray()]);
    expect(entries(back)).toEqual(entries(params));
  },
);

test("names and shapes are those of the module's state dictionary", async () => {
  const file = decodePytorch(bytesOf("lstm_both_projected.pt"));
  const out = toPytorch("LSTM", fromPytorch("LSTM", file).params);
  const shapes = (list: Iterable<[string, { shape: readonly number[] }]>) =>
    Object.fromEntries([...list].map(([name, { shape }]) => [name, shape]));
  expect(shapes(Object.entries(out))).toEqual(shapes(file.tensors));
});

describe("what is wrong is said", () => {
  const file = decodePytorch(bytesOf("lstm.pt"));
  const message = (f: () => unknown) => {
    try {
      f();
    } catch (error) {
      return (error as Error).message;
    }
    return "no error";
  };

  test("a prefix that is missing, and where the names are", async () => {
    const { params } = fromPytorch("LSTM", file);
    const other = decodePytorch(await encodePytorch(toPytorch("LSTM", params, { prefix: "encoder." })));
    expect(message(() => fromPytorch("LSTM", other))).toBe(
      'weight file, tensor "weight_ih_l0": expected a tensor with 2 axes, for torch.nn.LSTM, found no such tensor; there is one with the prefix "encoder."',
    );
  });

  test("another kind of cell, and tensors that are left over", async () => {
    expect(message(() => fromPytorch("RNN", file))).toBe(
      'weight file, tensor "weight_hh_l0": expected the shape [16, 16], for torch.nn.RNN, found [16, 4]',
    );
    const { params } = fromPytorch("LSTM", file);
    const named = { ...toPytorch("LSTM", params, { prefix: "a." }), "a.head": tensor([1]) };
    const more = decodePytorch(await encodePytorch(named));
    expect(message(() => fromPytorch("LSTM", more, { prefix: "a." }))).toBe(
      'weight file, tensor "a.head": expected only what torch.nn.LSTM has under "a.", found it besides',
    );
  });

  test("parameters of something else", () => {
    const cell = recurrent(rnn({ input: 3, hidden: 4 }));
    expect(message(() => toPytorch("LSTMCell", cell.init(Key.of(1))))).toBe(
      "toPytorch: params should be those of lstm for torch.nn.LSTMCell, got something else",
    );
    const peeping = recurrent(lstm({ input: 3, hidden: 4, peepholes: true }));
    expect(message(() => toPytorch("LSTM", stacked([peeping]).init(Key.of(1))))).toMatch(/a stack of lstm/);
    expect(message(() => toPytorch("LSTM", []))).toMatch(/a stack of lstm/);
    expect(message(() => toPytorch("Conv1d" as "Linear", {}))).toMatch(/toPytorch: kind is one of LSTM/);
  });

  test("attention of several heads, by its name", () => {
    const kind = "MultiheadAttention" as "Linear";
    expect(message(() => fromPytorch(kind, file))).toBe(
      'fromPytorch: kind "MultiheadAttention" is not among those read, since no layer here takes queries, keys and values of several heads; write it as a cell over a set, with scaledDotScores for each head, and take in_proj_weight and out_proj.weight from weights.tensors',
    );
    expect(message(() => toPytorch(kind, {}))).toBe(
      'toPytorch: kind "MultiheadAttention" is not among those written, since no layer here takes queries, keys and values of several heads; write it as a cell over a set, with scaledDotScores for each head, and give its tensors to encodePytorch by their names',
    );
  });
});
