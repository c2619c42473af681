// The three experiments of the paper that are repeated, by name.
//
// net        as `network` takes it
// weights    how many the paper counts
// most       a run without success ends after so many sequences
// tests      fresh sequences on which success is tried, and `allowed`, how many of them may be wrong
// published  sequences until success in the paper, the mean over its runs
// wrong      wrong sequences among `outputs` of a batch

import { adding, embeddedReber, temporalOrder1997 } from "longspan";

const reber = embeddedReber();
const numbers = adding({ length: 100, variant: "hochreiter1997" });
const order = temporalOrder1997();

export const tasks = {
  "embedded-reber": {
    problem: reber,
    net: {
      input: 7,
      blocks: 3,
      start: 0.2,
      inputGates: null,
      outputGates: [-1, -2, -3],
      cellBias: false,
      output: 7,
      outputBias: false,
    },
    weights: 276,
    most: 60_000,
    tests: 512,
    allowed: 0,
    published: 8440,
    wrong: reber.wrong,
  },
  "temporal-order": {
    problem: order,
    net: {
      input: 8,
      blocks: 2,
      start: 0.1,
      inputGates: [-2, -4],
      outputGates: null,
      cellBias: true,
      output: 4,
      outputBias: true,
    },
    weights: 156,
    most: 120_000,
    tests: 2560,
    allowed: 1,
    published: 31_390,
    wrong: wrongCodes,
  },
  adding: {
    problem: numbers,
    net: {
      input: 2,
      blocks: 2,
      start: 0.1,
      inputGates: [-3, -6],
      outputGates: null,
      cellBias: true,
      output: 1,
      outputBias: true,
    },
    weights: 93,
    most: 250_000,
    tests: 2560,
    allowed: 1,
    published: 74_000,
    wrong: numbers.wrong,
  },
};

/** A class is right if every output is within 0.3 of its code, 1 for the class and 0 for the others. */
function wrongCodes(outputs, { targets }) {
  const classes = outputs.length / targets.length;
  const right = (target, i) =>
    Array.from({ length: classes }, (_, c) =>
      Math.abs(outputs[i * classes + c] - (c === target ? 1 : 0)),
    ).every((error) => error <= 0.3);
  return Array.from(targets).filter((target, i) => !right(target, i)).length;
}
