// The tasks and nets of the experiment: an LSTM with a stack, a queue or a double-ended queue, and one with nothing beside it.

import {
  copyVectors,
  dequeMemory,
  lstm,
  queueMemory,
  recurrent,
  reverseVectors,
  sequenceModel,
  stackMemory,
  withMemory,
} from "longspan";

/** What is to be done with a list of symbols, of these lengths. */
export const tasks = {
  copy: (length, symbols) => copyVectors({ length, symbols }),
  reversal: (length, symbols) => reverseVectors({ length, symbols }),
};

const memories = { stack: stackMemory, queue: queueMemory, deque: dequeMemory };
export const nets = [...Object.keys(memories), "lstm"];

/**
 * A net that answers one of so many symbols at each step.
 *
 * @param biases pushBias and popBias, where they are not those by default
 * @param rows pushes that are kept: as many as the longest sequence has steps. The parameters do not depend on it.
 */
export function network(name, { symbols, hidden, width, rows, ...biases }) {
  const input = symbols + 1;
  const memory = memories[name]?.({ rows, width, ...biases });
  const cell = memory ? withMemory(lstm, { input, hidden, memory }) : lstm({ input, hidden });
  return sequenceModel({
    layer: recurrent(cell),
    features: hidden + (memory?.reads ?? 0),
    output: symbols,
  });
}
