// The arms: a cell, how it starts, and how it is trained. A further one, such as a second-order optimiser, is a further entry.
//
// cell(sizes): the recurrent cell, for input features and units.
// rates: learning rates, each a run of its own; the best counts.
// optimiser(rate): the gradient transform.
// momentum: the schedule of the momentum, for rules that have one.

import {
  clipByJointNorm,
  compose,
  constantSchedule,
  heldFirst,
  lstm,
  nesterov2013,
  rnn,
  sgd,
  sutskeverStart,
} from "longspan";

export const arms = {
  "SGD, LSTM": {
    cell: (sizes) => lstm(sizes),
    rates: [10, 1, 0.1],
    optimiser: (learningRate) => compose(clipByJointNorm(1), sgd({ learningRate })),
  },
  "Nesterov 2013, tanh": {
    cell: (sizes, inputScale) => rnn({ ...sizes, ...sutskeverStart({ ...sizes, inputScale }) }),
    rates: [1e-2, 1e-3, 1e-4],
    optimiser: (learningRate) => compose(clipByJointNorm(1), nesterov2013({ learningRate, momentum: 0.995 })),
    momentum: heldFirst(1000, 0.9, constantSchedule(0.995)),
  },
};
