// What is trained, by name, and with what momentum.
//
// inputScale: standard deviation of the input weights at the start.
// error: what the paper's zero-one loss counts in one sequence, at most `chances`.
// lossScale: what the mean loss over all judged rows is multiplied by. The learning rate has its unit.

import { adding, noiselessMemorisation } from "longspan";

export const tasks = {
  // Wrong if the squared error exceeds 0.04. The loss is the squared error.
  adding: { problem: () => adding({ length: 80 }), inputScale: 0.001, lossScale: 1, chances: 1 },
  // Wrong symbols of the ten to be repeated. The loss is the cross-entropy summed over the 100 steps of a sequence.
  memorisation: {
    problem: () => noiselessMemorisation({ length: 80, bits: 20 }),
    inputScale: 0.1,
    lossScale: 100,
    chances: 10,
  },
};

/** The momentum after the first updates. */
export const arms = { "nesterov .995": 0.995, "no momentum": 0 };

export const setting = {
  hidden: 100,
  batch: 100,
  outputScale: 0.1,
  first: { updates: 1000, momentum: 0.9 },
  /** Looks at fresh sequences; training ends when so many looks in a row have found no error. */
  look: { every: 500, sequences: 1000, inARow: 5 },
  test: 10_000,
};
