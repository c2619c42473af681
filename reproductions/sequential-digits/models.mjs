// What reads a picture and says which digit it is: after its last step, or in the middle of the grid.

import {
  gridConvolution,
  gru,
  lstm,
  multidimensionalLstm,
  recurrent,
  rnn,
  sequenceModel,
  stacked,
  sweeps,
  tanh,
  tcn,
} from "longspan";
import { classes, readings } from "./digits.mjs";

/** From 13,500 to 19,300 parameters. The convolutions see the whole picture: 64 steps, or 8. */
const ofSequences = {
  tanh: (input) => [recurrent(rnn({ input, hidden: 128 })), 128],
  lstm: (input) => [recurrent(lstm({ input, hidden: 64 })), 64],
  convolution: (input) =>
    input === 1
      ? [tcn({ input, channels: [22, 22, 22, 22], width: 4 }), 22]
      : [tcn({ input, channels: [36, 36], width: 3 }), 36],
};

const fromSides = (cell) => sweeps({ left: cell(), right: cell(), top: cell(), bottom: cell() });
const fromCorners = (cell) =>
  sweeps({ "top-left": cell(), "top-right": cell(), "bottom-left": cell(), "bottom-right": cell() });

/** Recurrence in four directions: over two neighbours from the corners, or twice along rows and columns, above a convolution. */
const ofGrids = {
  corners: (input) => [fromCorners(() => multidimensionalLstm({ input, hidden: 20 })), 80],
  sides: (input) => [
    stacked([
      gridConvolution({ input, output: 8, activation: tanh }),
      fromSides(() => gru({ input: 8, hidden: 14 })),
      fromSides(() => gru({ input: 56, hidden: 14 })),
    ]),
    56,
  ],
};

const netsFor = (reading) => (reading === "grid" ? ofGrids : ofSequences);

export const arms = Object.keys(readings).flatMap((reading) =>
  Object.keys(netsFor(reading)).map((net) => `${reading}-${net}`),
);

/** @returns { reading, model: a sequence model whose answer is asked for at one row of each picture } */
export function modelOf(arm) {
  const [reading, net] = arm.split("-");
  const [layer, features] = netsFor(reading)[net](readings[reading]);
  return { reading, model: sequenceModel({ layer, features, output: classes }) };
}
