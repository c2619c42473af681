// What predicts the notes of the next step.

import { chain, dropoutOver, gru, linear, lstm, mapTree, recurrent, rnn, tcn, zeros } from "longspan";
import { pitches } from "./pieces.mjs";

/** About 20,000 parameters each, as in the paper; the convolution, which came later, alike; and two that are nearer to Bai et al. (2018). */
const layers = {
  lstm: { features: 36, layer: () => recurrent(lstm({ input: pitches, hidden: 36 })) },
  gru: { features: 46, layer: () => recurrent(gru({ input: pitches, hidden: 46 })) },
  tanh: { features: 100, layer: () => recurrent(rnn({ input: pitches, hidden: 100 })) },
  tcn: {
    features: 28,
    layer: (dropout) => tcn({ input: pitches, channels: [28, 28], width: 3, dropout: dropout / 2 }),
  },
  widelstm: { features: 256, layer: () => recurrent(lstm({ input: pitches, hidden: 256 })) },
  widegru: { features: 256, layer: () => recurrent(gru({ input: pitches, hidden: 256 })) },
};
export const nets = Object.keys(layers);
/** Those of many parameters. */
export const isWide = (name) => name.startsWith("wide");

/** A net with a readout of 88 logits: how likely each note is to sound. */
export function netOf(name, dropout) {
  const { features, layer: make } = layers[name];
  const [layer, readout] = [make(dropout), linear({ input: features, output: pitches })];
  const run = (params, { x, structure }, { key = null, initial } = {}) => {
    const [inside, after] = key ? key.split(2) : [null, null];
    const { output, final } = layer.apply(params.layer, x, structure, {
      key: inside,
      ...(initial && { initial }),
    });
    return { logits: readout.apply(params.readout, dropoutOver(structure, output, dropout, after)), final };
  };
  return {
    init(key) {
      const [forLayer, forReadout] = key.split(2);
      return { layer: layer.init(forLayer), readout: readout.init(forReadout) };
    },
    /** @param key of dropout; none in evaluation */
    logits: (params, some, key) => run(params, some, { key }).logits,
    /** The same from a state, which is handed on. @param initial none for the start of a piece */
    run,
    /** Of so many sequences before their first step. */
    zeroState(params, sequences) {
      const x = zeros([sequences, pitches]);
      const { final } = layer.apply(params.layer, x, chain(new Array(sequences).fill(1)));
      return mapTree(final, (v) => zeros(v.shape));
    },
  };
}
