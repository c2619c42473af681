// What reads a picture and says, after its last step, which digit it is.

import { lstm, recurrent, rnn, sequenceModel, tcn } from "longspan";
import { classes, readings } from "./digits.mjs";

/** From 13,500 to 19,300 parameters. The convolutions see the whole picture: 64 steps, or 8. */
const nets = {
  tanh: (input) => [recurrent(rnn({ input, hidden: 128 })), 128],
  lstm: (input) => [recurrent(lstm({ input, hidden: 64 })), 64],
  convolution: (input) =>
    input === 1
      ? [tcn({ input, channels: [22, 22, 22, 22], width: 4 }), 22]
      : [tcn({ input, channels: [36, 36], width: 3 }), 36],
};

export const arms = Object.keys(readings).flatMap((reading) =>
  Object.keys(nets).map((net) => `${reading}-${net}`),
);

/** @returns { reading, model: a sequence model whose answer is asked for at the last step } */
export function modelOf(arm) {
  const [reading, net] = arm.split("-");
  const [layer, features] = nets[net](readings[reading]);
  return { reading, model: sequenceModel({ layer, features, output: classes }) };
}
