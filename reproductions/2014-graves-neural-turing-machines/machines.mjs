// The models that are compared. A row makes a cell of the features of an input, and may say how it is trained otherwise: README.md.

import {
  add,
  addressAsBefore,
  addressByContent,
  differentiableNeuralComputer,
  fromArray,
  gatedAddress,
  lstm,
  neuralTuringMachine,
  onCpu,
  perceptron,
  sharpenedAddress,
  shiftedAddress,
} from "longspan";

// 1e-6, the library's own start, makes the cosine of a row that was hardly written to change by as much as 1e6 per unit: README.md.
const memory = { hidden: 100, rows: 128, width: 20, start: 0.05 };

/** By content as usual, but for keys that are at first about four times as strong. */
const content = addressByContent();
const byStrongKeys = {
  ...content,
  address: ({ emitted: [key, strength], ...call }) =>
    content.address({ ...call, emitted: [key, add(strength, 6)] }),
};
const address = [byStrongKeys, gatedAddress(addressAsBefore()), shiftedAddress(1), sharpenedAddress()];

export const machines = {
  "ntm-lstm": { cell: (input) => neuralTuringMachine(lstm, { input, ...memory }) },
  "ntm-lstm-alike": {
    cell: (input) => neuralTuringMachine(lstm, { input, ...memory, address }),
    begin: keysAsWritten,
    epsilon: 1e-4,
    startsEasy: true,
  },
  "ntm-feedforward": { cell: (input) => neuralTuringMachine(perceptron, { input, ...memory }) },
  dnc: { cell: (input) => differentiableNeuralComputer(lstm, { input, ...memory }) },
  lstm: { cell: (input) => lstm({ input, hidden: 256 }) },
};

/** Parameters by which both heads look, at first, for what would be written now: the weights of keys are those of what is added. */
function keysAsWritten({ layer, ...rest }) {
  const { W } = layer.emit;
  const [units, emits] = W.shape;
  const weights = Float32Array.from(onCpu(W).toArray());
  const head = memory.width + 6;
  for (let u = 0; u < units; u++) {
    const own = weights.subarray(u * emits, (u + 1) * emits);
    const added = own.slice(emits - memory.width);
    for (const first of [0, head]) own.set(added, first);
  }
  return {
    ...rest,
    layer: { ...layer, emit: { ...layer.emit, W: fromArray(weights, [units, emits]) } },
  };
}
