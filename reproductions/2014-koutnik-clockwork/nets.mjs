// The nets: about as many parameters each, no input, one output.

import {
  clockwork,
  leafEntries,
  linear,
  lstm,
  mapTree,
  mul,
  normal,
  recurrent,
  rnn,
  stacked,
} from "longspan";

/** Koutnik et al. (2014): nine groups, periods 1, 2, 4, ..., 256. */
export const periods = Array.from({ length: 9 }, (_, k) => 2 ** k);

// x is zero everywhere: what multiplies it is no parameter, since nothing depends on it.
const input = 1;
export const nets = {
  rnn: {
    words: "simple recurrent net, 30 units",
    layer: recurrent(rnn({ input, hidden: 30 })),
    features: 30,
    unused: 30,
    rate: 0.0003,
    clip: 1,
    start: "normal",
  },
  lstm: {
    words: "LSTM, 15 units",
    layer: recurrent(lstm({ input, hidden: 15, forgetBias: 3 })),
    features: 15,
    unused: 60,
    rate: 0.01,
    clip: 0.05,
    start: "the library's",
  },
  clockwork: {
    words: "clockwork, 9 groups of 4 units",
    layer: clockwork(rnn, { input, groups: periods.map((period) => ({ units: 4, period })) }),
    features: 36,
    unused: 36,
    rate: 0.01,
    clip: 1,
    start: "normal",
  },
};

/** A net with its readout, and what training starts from: weights and biases normal with a deviation of .1, or as the library starts them. */
export function netOf(name, key) {
  const { layer, features, unused, start } = nets[name];
  const net = stacked([layer, linear({ input: features, output: 1 })]);
  let at = 0;
  const first = net.init(key);
  const params =
    start === "normal" ? mapTree(first, (v) => mul(normal(key.fold(at++), v.shape), 0.1)) : first;
  const all = leafEntries(params).reduce((sum, [, { size }]) => sum + size, 0);
  return { net, params, parameters: all - unused };
}
