// All runs; README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "../runs.mjs";
import { summary } from "./summary.mjs";
import { tasks } from "./tasks.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string" },
    seeds: { type: "string" },
    data: { type: "string" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
const wanted = values.tasks ? words("tasks", values.tasks, Object.keys(tasks)) : Object.keys(tasks);
const ready = wanted.filter((name) => values.data !== undefined || !tasks[name].needsData);
if (ready.length < wanted.length && values.tasks !== undefined)
  fail(
    "--data: laser and vowels need their files; give the folder that holds santa_fe_laser and japanese_vowels",
  );
const seedsOf = (name) =>
  values.seeds ? numbers("seeds", values.seeds, 0) : Array.from({ length: tasks[name].seeds }, (_, i) => i);

await carryOut({
  runs: ready.flatMap((task) => seedsOf(task).map((seed) => ({ task, seed, data: values.data }))),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) => result.task === run.task && result.seed === run.seed,
  tell: ({ task, seed }, result) => `${task}, seed ${seed}: ${JSON.stringify(result)}`,
  jobs: numbers("jobs", values.jobs, 1)[0],
});
process.stdout.write(summary(readResults(values.results)));
