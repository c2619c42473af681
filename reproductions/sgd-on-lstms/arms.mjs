// The arms: a cell, how it starts, and how it is trained.
//
// cell(sizes): the recurrent cell, for input features and units.
// rates: learning rates, each a run of its own with the first seed; the best counts. For Hessian-free, the damping of the first update.
// optimiser(rate): the gradient transform.
// batch, streams: sequences in a batch, and streams of a text that are read side by side.
// curvature: so many of the batch's sequences give the curvature; all by default.
// momentum: the schedule of the momentum, for rules that have one.

import {
  clipByJointNorm,
  compose,
  constantSchedule,
  heldFirst,
  hessianFree,
  lstm,
  nesterov2013,
  rnn,
  sgd,
  sutskeverStart,
} from "longspan";

export const arms = {
  "SGD, LSTM": {
    cell: (sizes) => lstm(sizes),
    rates: [100, 10, 1, 0.1, 0.01],
    batch: 100,
    streams: 32,
    optimiser: (learningRate) => compose(clipByJointNorm(1), sgd({ learningRate })),
  },
  "Nesterov 2013, tanh": {
    cell: (sizes, inputScale) => rnn({ ...sizes, ...sutskeverStart({ ...sizes, inputScale }) }),
    rates: [1e-1, 1e-2, 1e-3, 1e-4, 1e-5],
    batch: 100,
    streams: 32,
    optimiser: (learningRate) => compose(clipByJointNorm(1), nesterov2013({ learningRate, momentum: 0.995 })),
    momentum: heldFirst(1000, 0.9, constantSchedule(0.995)),
  },
  "Hessian-free, tanh": {
    cell: (sizes, inputScale) => rnn({ ...sizes, ...sutskeverStart({ ...sizes, inputScale }) }),
    rates: [100, 10, 1, 0.1, 0.01],
    batch: 1000,
    curvature: 200,
    streams: 256,
    optimiser: (damping) => hessianFree({ damping, measureHessian: false }),
  },
};
