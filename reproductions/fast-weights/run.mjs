// All runs, each in a process of its own: README.md says what is asked.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { questions } from "./setting.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    questions: { type: "string", default: Object.keys(questions).join(",") },
    seeds: { type: "string", default: "1,2,3" },
    jobs: { type: "string", default: "1" },
    state: { type: "string" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
const chosen = words("questions", values.questions, Object.keys(questions));
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: numbers("seeds", values.seeds, 0).flatMap((seed) =>
    chosen.flatMap((question) =>
      questions[question].cells.map((cell) => {
        const run = { question, cell, seed };
        const name = `${question}-${cell}-${seed}.json`.replaceAll(/[ ,]+/g, "-");
        return values.state === undefined ? run : { ...run, state: join(values.state, name) };
      }),
    ),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) => ["question", "cell", "seed"].every((name) => result[name] === run[name]),
  tell: ({ question, cell, seed }, { right, minutes }) =>
    `${question}, ${cell}, seed ${seed}: ${right.map(({ name, share }) => `${name} ${(100 * share).toFixed(1)} %`).join(", ")}, ${minutes} minutes`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
