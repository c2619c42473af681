import {
  type AnyCell,
  type AnySequenceLayer,
  add,
  concat,
  defineCell,
  glorot,
  gru,
  gruResetAfter,
  Key,
  lstm,
  matmul,
  mul,
  namedCell,
  recurrent,
  reshape,
  rnn,
  sigmoid,
  slice,
  split,
  tanh,
  zerosInit,
} from "longspan";
import { OnnxError, toOnnx } from "longspan-formats";
import { describe, expect, it, test } from "vitest";
import { cellVariants, libraryCells, libraryMachines } from "../../../../tests/library-cells.js";
import { expectOurNumbers } from "./our-numbers.js";

const sizes = { input: 3, hidden: 4 };
const machines = libraryMachines({ ...sizes, rows: 5, width: 3 });
const machineOf = (name: string) => machines.find(([other]) => other === name)![1];

describe("cells in ONNX Runtime give our numbers, whole and streamed", () => {
  const cells: readonly (readonly [string, AnyCell])[] = [
    ...libraryCells("chains", sizes),
    ...cellVariants(sizes),
    ...machines.map(([name, cell]) => [name, cell as unknown as AnyCell] as const),
  ];
  for (const [name, cell] of cells)
    it(name, async () => {
      await expectOurNumbers(recurrent(cell as never) as AnySequenceLayer);
    });
});

const operatorsOf = (bytes: Uint8Array) => {
  const text = new TextDecoder("latin1").decode(bytes);
  return ["LSTM", "GRU", "RNN", "Scan"].filter((name) =>
    text.includes(`"${String.fromCharCode(name.length)}${name}`),
  );
};

test.each([
  ["LSTM", lstm(sizes)],
  ["LSTM", lstm({ ...sizes, peepholes: true })],
  ["GRU", gru(sizes)],
  ["GRU", gruResetAfter(sizes)],
  ["RNN", rnn(sizes)],
  ["RNN", rnn({ ...sizes, activation: "relu" })],
  ["Scan", lstm({ ...sizes, coupled: true })],
  ["Scan", rnn({ ...sizes, activation: "sigmoid" })],
] as const)("%s is the operator of cell %#", (operator, cell) => {
  const layer = recurrent(cell as never) as AnySequenceLayer;
  expect(operatorsOf(toOnnx(layer, layer.init(Key.of(1)) as never))).toEqual([operator]);
});

const peephole = defineCell({
  name: "mine",
  inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [hidden], s: [hidden] }),
  params: ({ input, hidden }) => ({
    W: glorot(input + hidden, 4 * hidden),
    b: zerosInit(4 * hidden),
    p: zerosInit(3, hidden),
  }),
  step({ x, h, s }, { W, b, p }) {
    const [f, i, g, o] = split(add(matmul(concat([x, h]), W), b), 4);
    const [pf, pi, po] = [0, 1, 2].map((k) => reshape(slice(p, 0, k, k + 1), [sizes.hidden]));
    const kept = add(mul(sigmoid(add(f!, mul(pf!, s))), s), mul(sigmoid(add(i!, mul(pi!, s))), tanh(g!)));
    const next = mul(sigmoid(add(o!, mul(po!, kept))), tanh(kept));
    return { state: { h: next, s: kept }, output: next };
  },
});

test("a peephole cell written by a user gives our numbers in ONNX Runtime", async () => {
  await expectOurNumbers(recurrent(peephole(sizes)) as never);
});

test("the metadata say what sequences start from", () => {
  const cell = machineOf("ntm");
  const layer = recurrent(cell as never) as AnySequenceLayer;
  const file = toOnnx(layer, layer.init(Key.of(1)) as never, { states: true });
  expect(new TextDecoder("latin1").decode(file)).toContain("longspan.start");
});

test.each([
  [
    "trees",
    () => recurrent(namedCell("binaryTreeLstm", sizes) as never),
    "toOnnx: the layer with its params: unfold binaryTreeLstm: the cell reads the ports [left, right], the structure has [in]; a file of ONNX holds what runs over sequences with the inputs of its steps alone",
  ],
  [
    "delays",
    () => recurrent(rnn(sizes), { delays: { in: 2 } }),
    "toOnnx: a recurrent layer: its steps do not each read the one before or after; delays, grids and trees have no form in ONNX; use a layer without them",
  ],
  [
    "random numbers",
    () => recurrent(noisy(sizes) as never),
    "toOnnx: the layer with its params: unfold noisy: the cell draws random numbers; give a key; a file of ONNX holds what runs over sequences with the inputs of its steps alone",
  ],
] as const)("cells with %s are refused by name", (_, make, message) => {
  const layer = make() as AnySequenceLayer;
  const params = layer.init(Key.of(1)) as never;
  expect(() => toOnnx(layer, params)).toThrow(OnnxError);
  expect(() => toOnnx(layer, params)).toThrow(message);
});

const noisy = defineCell({
  name: "noisy",
  inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [hidden] }),
  params: ({ input, hidden }) => ({ W: glorot(input, hidden) }),
  step({ x }, { W }, draws) {
    const next = add(matmul(x, W), draws.uniform([sizes.hidden]));
    return { state: { h: next }, output: next };
  },
});
