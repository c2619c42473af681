// What an explicit memory does (section 10.12): four studies, each in minutes. See README.md.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { carryOut, readResults, words } from "../runs.mjs";
import { figures } from "./figures.mjs";
import { summary } from "./summary.mjs";

const seeds = [1, 2, 3];
const all = [
  ...seeds.map((seed) => ({ study: "copying", seed })),
  ...[8, 16, 32, 64].map((width) => ({ study: "completion", width, seed: 1 })),
  ...["unwritten rows", "written rows", "lstm", "rnn"].map((cell) => ({ study: "keeping", cell, seed: 1 })),
  ...seeds.map((seed) => ({ study: "presentations", store: "memory", seed })),
  ...[
    ["sgd", 0.03],
    ["sgd", 0.1],
    ["adam", 0.003],
    ["adam", 0.01],
  ].flatMap(([store, rate]) => seeds.map((seed) => ({ study: "presentations", store, rate, seed }))),
  ...[8, 16].flatMap((width) => [1, 2].map((seed) => ({ study: "learned completion", width, seed }))),
];

const { values } = parseArgs({
  options: {
    studies: { type: "string" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: new URL("results.jsonl", import.meta.url).pathname },
  },
});
const names = [...new Set(all.map(({ study }) => study))];
const chosen = values.studies === undefined ? names : words("studies", values.studies, names);

await carryOut({
  runs: all.filter(({ study }) => chosen.includes(study)),
  program: new URL("study.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) => Object.keys(run).every((k) => result[k] === run[k]),
  tell: ({ seed: _, ...run }, { seconds }) => `${Object.values(run).join(", ")}: ${seconds} s`,
  jobs: Number(values.jobs),
});
const results = readResults(values.results);
for (const [name, svg] of figures(results)) writeFileSync(new URL(name, import.meta.url), svg);
process.stdout.write(`${summary(results)}\n`);
