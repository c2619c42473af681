// What predicts the notes of the next step.

import { dropoutOver, gru, linear, lstm, recurrent, rnn, tcn } from "longspan";
import { pitches } from "./pieces.mjs";

/** About 20,000 parameters each, as in the paper; the convolution, which came later, alike. */
const layers = {
  lstm: { features: 36, layer: () => recurrent(lstm({ input: pitches, hidden: 36 })) },
  gru: { features: 46, layer: () => recurrent(gru({ input: pitches, hidden: 46 })) },
  tanh: { features: 100, layer: () => recurrent(rnn({ input: pitches, hidden: 100 })) },
  tcn: {
    features: 28,
    layer: (dropout) => tcn({ input: pitches, channels: [28, 28], width: 3, dropout: dropout / 2 }),
  },
};
export const nets = Object.keys(layers);

/** A net with a readout of 88 logits: how likely each note is to sound. */
export function netOf(name, dropout) {
  const { features, layer: make } = layers[name];
  const [layer, readout] = [make(dropout), linear({ input: features, output: pitches })];
  return {
    init(key) {
      const [forLayer, forReadout] = key.split(2);
      return { layer: layer.init(forLayer), readout: readout.init(forReadout) };
    },
    /** @param key of dropout; none in evaluation */
    logits(params, { x, structure }, key = null) {
      const [inside, after] = key ? key.split(2) : [null, null];
      const { output } = layer.apply(params.layer, x, structure, { key: inside });
      return readout.apply(params.readout, dropoutOver(structure, output, dropout, after));
    },
  };
}
