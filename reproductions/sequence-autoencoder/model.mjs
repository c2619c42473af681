// A net that reads a sequence into a vector, and one that gives it back.

import { embedding, gru, recurrent, sequenceAutoencoder, slice, stacked } from "longspan";
import { letters } from "./sequences.mjs";

export const setting = { features: 32, hidden: 128 };

/** @param size of the code: the first so many of the 128 numbers that the encoder ends with */
export function modelOf(size) {
  const { features, hidden } = setting;
  return sequenceAutoencoder({
    encoder: stacked([
      embedding({ vocabulary: letters.size, features }),
      recurrent(gru({ input: features, hidden })),
    ]),
    cell: gru,
    hidden,
    code: { features: size, of: ({ final }) => slice(final.at(-1).h, -1, 0, size) },
    output: letters.size,
  });
}
