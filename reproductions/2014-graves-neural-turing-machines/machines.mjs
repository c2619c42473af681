// The models that are compared. A row is a function from the features of an input to a cell.

import { differentiableNeuralComputer, lstm, neuralTuringMachine, perceptron } from "longspan";

// 1e-6, the library's own start, makes the cosine of a row that was hardly written to change by as much as 1e6 per unit: README.md.
const memory = { hidden: 100, rows: 128, width: 20, start: 0.05 };

export const machines = {
  "ntm-lstm": (input) => neuralTuringMachine(lstm, { input, ...memory }),
  "ntm-feedforward": (input) => neuralTuringMachine(perceptron, { input, ...memory }),
  dnc: (input) => differentiableNeuralComputer(lstm, { input, ...memory }),
  lstm: (input) => lstm({ input, hidden: 256 }),
};
