import {
  type AnySequenceLayer,
  bidirectional,
  convolution,
  gru,
  languageModel,
  layerNorm,
  linear,
  lstm,
  recurrent,
  residual,
  rnn,
  sequenceModel,
  slidingWindow,
  stacked,
} from "longspan";
import { it } from "vitest";
import { expectOurNumbers } from "./our-numbers.js";

const models: Readonly<Record<string, AnySequenceLayer>> = {
  "a language model": languageModel({ vocabulary: 7, features: 3, hidden: 4, layers: 2 }),
  "a language model with a window": languageModel({
    vocabulary: 7,
    features: 3,
    hidden: 3,
    window: 3,
    residual: true,
  }),
  "a stack with skip connections": stacked(
    [
      recurrent(lstm({ input: 3, hidden: 4 })),
      layerNorm({ features: 7 }),
      recurrent(gru({ input: 10, hidden: 4 })),
    ],
    { skip: true },
  ),
  "both directions, twice": stacked([
    bidirectional(lstm({ input: 3, hidden: 4 }), gru({ input: 3, hidden: 2 })),
    bidirectional(rnn({ input: 6, hidden: 4 }), rnn({ input: 6, hidden: 4, activation: "relu" })),
  ]),
  "a model with a readout": sequenceModel({
    layer: recurrent(gru({ input: 3, hidden: 4 })),
    features: 4,
    output: 2,
  }),
  "residual layers": stacked([
    linear({ input: 3, output: 4 }),
    residual(recurrent(rnn({ input: 4, hidden: 4 }))),
  ]),
  "a causal convolution": convolution({ input: 3, output: 2, width: 3, dilation: 2 }),
  "a convolution that looks ahead": convolution({ input: 3, output: 2, width: 4, ahead: 2 }),
  "a sliding window": slidingWindow({ input: 3, behind: 1, ahead: 1 }),
  "a convolution with weight normalisation": convolution({ input: 3, output: 2, width: 2, weightNorm: true }),
};

for (const [name, model] of Object.entries(models))
  it(`${name} gives our numbers in ONNX Runtime`, async () => {
    await expectOurNumbers(model as AnySequenceLayer, { symbols: 7 });
  });
