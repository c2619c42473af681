// The nets: 40 units and 10 stacks, and beside it an RNN and an LSTM without stacks.

import {
  actionStacks,
  add,
  glorot,
  lstm,
  matmul,
  perceptron,
  rnn,
  slice,
  unfold,
  withMemory,
  zerosInit,
} from "longspan";

const HIDDEN = 40;
const STACKS = 10;
const sigmoids = (config) => perceptron({ ...config, activation: "sigmoid" });

/** Cells by the name of the net: of the features of x, and what the stacks are to be. */
const cells = {
  "stack-rnn": (input, { depth, rounded, controller = "none", noOperation = false }) =>
    withMemory(controller === "none" ? sigmoids : rnn, {
      input,
      hidden: HIDDEN,
      memory: actionStacks({ stacks: STACKS, depth, rounded, noOperation }),
    }),
  rnn: (input) => rnn({ input, hidden: HIDDEN }),
  lstm: (input) => lstm({ input, hidden: HIDDEN }),
};

export const netNames = Object.keys(cells);

/**
 * A net with a readout that sees the 40 units alone: what the stacks hold counts a step later, as in the paper.
 *
 * @param stacks depth: numbers that a stack holds; rounded: whether the most probable actions are carried out alone
 */
export function network(name, symbols, stacks) {
  const cell = cells[name](symbols, stacks);
  const readout = { W: glorot(HIDDEN, symbols), b: zerosInit(symbols) };
  return {
    init: (key) => ({
      cell: cell.init(key.fold(0)),
      readout: Object.fromEntries(
        Object.entries(readout).map(([part, spec], i) => [
          part,
          spec.initialise(key.fold(1 + i), spec.shape, "float32"),
        ]),
      ),
    }),
    /**
     * Logits of the next symbol at every step, [nodes, symbols], and the state after the last.
     *
     * @param x [nodes, symbols] @param initial the state to begin with; where the cell starts, if null
     */
    run({ cell: params, readout: { W, b } }, x, structure, initial) {
      const { output, final } = unfold(cell, params, { x }, structure, initial ? { initial } : {});
      return { logits: add(matmul(slice(output, -1, 0, HIDDEN), W), b), final };
    },
  };
}
