// The models: with attention, and without, with a context C of several sizes.

import { concat, embedding, encoderDecoder, gru, slice } from "longspan";
import { attentionModel, reader } from "../pairs.mjs";

export const setting = { features: 128, hidden: 256 };

/** Features of C of each arm; the encoder is the same in all. null: with attention. */
export const arms = {
  attention: null,
  "context-512": 512,
  "context-128": 128,
  "context-32": 32,
  "context-8": 8,
};

/**
 * The model of an arm.
 *
 * @param source size of the vocabulary that is read @param target of that which is written
 */
export function modelOf(arm, { source, target }) {
  return arms[arm] === null
    ? attentionModel({ source, target, ...setting })
    : contextModel({ source, target, ...setting, size: arms[arm] });
}

/**
 * The reader and the writer of `attentionModel` without attention: C is all that leads from one to the other. It has the first size / 2
 * features of the last state of either direction, so that encoders differ in nothing but how much of them is handed over. The writer
 * begins with tanh of a map of C and reads C at every step (Cho et al. 2014).
 */
function contextModel({ source, target, features, hidden, size }) {
  return encoderDecoder({
    encoder: reader({ source, features, hidden }),
    cell: gru,
    hidden,
    reads: embedding({ vocabulary: target, features }),
    output: target,
    context: {
      features: size,
      of({ final }) {
        const { forward, backward } = final.at(-1);
        return concat([forward.h, backward.h].map((h) => slice(h, -1, 0, size / 2)));
      },
    },
    everyStep: true,
  });
}
