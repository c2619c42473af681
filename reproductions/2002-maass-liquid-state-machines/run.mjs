// All runs; README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "../runs.mjs";
import { summary } from "./summary.mjs";
import { tasks } from "./tasks.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string" },
    seeds: { type: "string", default: "0,1,2,3,4" },
    data: { type: "string" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
const wanted = values.tasks ? words("tasks", values.tasks, Object.keys(tasks)) : Object.keys(tasks);
const ready = wanted.filter((name) => values.data !== undefined || !tasks[name].needsData);
if (ready.length < wanted.length && values.tasks !== undefined)
  fail("--data: digits needs the recordings; give the folder that holds mfcc13_index.json");

await carryOut({
  runs: ready.flatMap((task) =>
    numbers("seeds", values.seeds, 0).map((seed) => ({ task, seed, data: values.data })),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) => result.task === run.task && result.seed === run.seed,
  tell: ({ task, seed }, result) => `${task}, seed ${seed}: ${JSON.stringify(result)}`,
  jobs: numbers("jobs", values.jobs, 1)[0],
});
process.stdout.write(summary(readResults(values.results)));
