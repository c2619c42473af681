// The tasks of the study, by name.
//
// most     a run without success ends after so many updates; success is looked for after every `every`
// tests    fresh sequences, or segments of the text that is held out, on which success is tried
// solved   what success is
// rates    learning rates that each method is tried at
// seeds    of the runs that are compared
// tuning   of the runs by which the settings are chosen; others

import { readFileSync } from "node:fs";
import { adding, temporalOrder } from "longspan";
import { characters } from "./characters.mjs";

const from = (first, count) => Array.from({ length: count }, (_, i) => first + i);

export const tasks = {
  "temporal-order": {
    problems: () => same(temporalOrder({ length: 20 })),
    most: 4000,
    every: 100,
    tests: 1000,
    solved: ({ wrong, sequences }) => wrong / sequences < 0.01,
    rates: [0.01, 0.03, 0.1, 0.3],
    seeds: from(1, 20),
    tuning: from(101, 2),
  },
  adding: {
    problems: () => same(adding({ length: 10 })),
    most: 4000,
    every: 100,
    tests: 1000,
    solved: ({ wrong, sequences }) => wrong / sequences < 0.15,
    rates: [0.01, 0.03, 0.1, 0.3],
    seeds: from(1, 20),
    tuning: from(101, 2),
  },
  text: {
    problems: (path) => characters(readFileSync(path, "utf8")),
    most: 6000,
    every: 100,
    tests: 200,
    solved: ({ loss }) => loss / Math.LN2 < 3.2,
    rates: [0.1, 0.3],
    seeds: from(1, 20),
    tuning: from(101, 2),
  },
};

const same = (problem) => ({ train: problem, test: problem });
