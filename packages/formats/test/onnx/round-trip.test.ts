import {
  type AnySequenceLayer,
  bidirectional,
  chain,
  convolution,
  grad,
  gru,
  languageModel,
  leafEntries,
  lstm,
  mul,
  onCpu,
  recurrent,
  rnn,
  sequenceModel,
  stacked,
  sum,
  type Tensor,
  type Value,
} from "longspan";
import { fromOnnx, toOnnx } from "longspan-formats";
import { describe, expect, it, test } from "vitest";
import { cellVariants, libraryCells, libraryMachines } from "../../../../tests/library-cells.js";
import { batches, expectClose, randomInput, randomParams } from "./our-numbers.js";

const sizes = { input: 3, hidden: 4 };
const numbers = (v: unknown) => onCpu(v as Tensor).toArray() as Float32Array;

/** Reads back what was written: the same numbers, bit-equal weights, and the same gradients. */
function expectBack(layer: AnySequenceLayer, symbols = 1): void {
  const params = randomParams(layer) as never;
  const back = fromOnnx(toOnnx(layer, params, { states: true }));
  const { shape: row, dtype = "float32" } = "shape" in layer.input ? layer.input : { shape: layer.input };
  for (const [path, v] of leafEntries(params)) {
    const read = back.params[path];
    // A parameter that nothing reads is not written.
    if (read) expect(Array.from(numbers(read)), path).toEqual(Array.from(numbers(v)));
  }
  for (const [k, batch] of batches.entries()) {
    const { packed } = randomInput(batch, row, dtype, 7 + k, symbols);
    const structure = chain(batch.lengths);
    const x = structure.pack(packed);
    const ours = layer.apply(params, x, structure);
    const theirs = back.layer.apply(back.params, x, structure);
    expectClose(numbers(theirs.output), numbers(ours.output), "the output");
    for (const [path, v] of leafEntries(ours.final))
      expectClose(numbers(theirs.final[path]), numbers(v), path);
  }
}

describe("what was written is read back", () => {
  const cells = [
    ...libraryCells("chains", sizes),
    ...cellVariants(sizes),
    ...libraryMachines({ ...sizes, rows: 5, width: 3 }),
  ];
  for (const [name, cell] of cells) it(name, () => expectBack(recurrent(cell as never) as AnySequenceLayer));

  const models: Readonly<Record<string, unknown>> = {
    "a language model": languageModel({ vocabulary: 7, features: 3, hidden: 4, layers: 2, window: 2 }),
    "both directions": bidirectional(lstm(sizes), gru(sizes)),
    "a model with a readout": sequenceModel({ layer: recurrent(gru(sizes)), features: 4, output: 2 }),
    "a convolution that looks ahead": convolution({ input: 3, output: 2, width: 4, ahead: 2 }),
    "a stack": stacked([recurrent(lstm(sizes)), recurrent(rnn({ input: 4, hidden: 4, activation: "relu" }))]),
  };
  for (const [name, model] of Object.entries(models))
    it(name, () => expectBack(model as AnySequenceLayer, 7));
});

test.each([
  ["an operator", gru(sizes)],
  ["a Scan", lstm({ ...sizes, coupled: true })],
] as const)("gradients of what was read are ours: %s", (_, cell) => {
  const layer = recurrent(cell as never) as AnySequenceLayer;
  const params = randomParams(layer) as Readonly<Record<string, Tensor>>;
  const back = fromOnnx(toOnnx(layer, params as never));
  const { packed } = randomInput(batches[0]!, [3], "float32", 5);
  const structure = chain(batches[0]!.lengths);
  const loss = (of: AnySequenceLayer) => (p: Readonly<Record<string, Value>>) => {
    const { output } = of.apply(p as never, structure.pack(packed), structure);
    return sum(mul(output, output));
  };
  const ours = grad(loss(layer))(params);
  const theirs = grad(loss(back.layer as AnySequenceLayer))(back.params);
  expect(Object.keys(theirs).sort()).toEqual(Object.keys(ours).sort());
  for (const name of Object.keys(ours)) expectClose(numbers(theirs[name]), numbers(ours[name]), name);
});

test("what was read streams", () => {
  const layer = recurrent(lstm(sizes)) as AnySequenceLayer;
  const params = randomParams(layer) as never;
  const back = fromOnnx(toOnnx(layer, params, { states: true }));
  const { packed } = randomInput({ lengths: [4], time: 4 }, [3], "float32", 5);
  const stream = back.layer.stream(back.params);
  const rows = numbers(packed);
  const found = [0, 1, 2, 3].flatMap((t) =>
    Array.from(stream.step(rows.slice(3 * t, 3 * t + 3)) as Float32Array),
  );
  stream.dispose();
  expectClose(found, numbers(layer.apply(params, packed, chain([4])).output), "step by step");
});
