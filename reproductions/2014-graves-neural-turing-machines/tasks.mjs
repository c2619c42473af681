// The tasks: what is trained on, what is looked at beyond it, and when a task is solved.

import {
  associativeRecall,
  copyVectors,
  dynamicNGrams,
  Key,
  nGramOptimum,
  prioritySort,
  repeatCopy,
} from "longspan";

// What no prediction can save, in bits per sequence: a row of 195 is scored.
const nGrams = dynamicNGrams({ length: 200 });
const optimum = (195 * nGramOptimum(nGrams.sample(Key.of(7), 0, 500))) / Math.LN2;

/**
 * A task is solved by less than `bits` per sequence; `most` are the sequences of a run that does not solve it. Machines that start easy have their first
 * `easier.sequences` from easier problems, one after the other.
 */
export const tasks = {
  copy: {
    train: copyVectors({ length: [1, 20] }),
    beyond: [40, 80, 120].map((n) => [`${n} vectors`, copyVectors({ length: n })]),
    bits: 0.01,
    most: 20_000,
  },
  recall: {
    train: associativeRecall({ items: [2, 6] }),
    easier: { sequences: 4000, problems: [3, 4, 5].map((n) => associativeRecall({ items: [2, n] })) },
    beyond: [["12 items", associativeRecall({ items: 12 })]],
    bits: 0.01,
    most: 60_000,
  },
  "repeat-copy": {
    train: repeatCopy({ length: [1, 10] }),
    beyond: [
      ["20 vectors", repeatCopy({ length: 20, repeats: 10 })],
      ["20 times", repeatCopy({ length: 10, repeats: 20 })],
    ],
    bits: 0.1,
    most: 60_000,
  },
  "priority-sort": { train: prioritySort({ length: 20 }), beyond: [], bits: 1, most: 100_000 },
  "n-grams": { train: nGrams, beyond: [], bits: optimum + 2, optimum, most: 60_000 },
};
