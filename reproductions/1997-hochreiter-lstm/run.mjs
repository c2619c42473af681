// All runs of the experiments; README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Key, leaves } from "longspan";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { network, squashings } from "./net.mjs";
import { summary } from "./summary.mjs";
import { tasks } from "./tasks.mjs";
import { errors } from "./train.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    squashings: { type: "string", default: Object.keys(squashings).join(",") },
    errors: { type: "string", default: "squared" },
    updates: { type: "string", default: "answer" },
    seeds: { type: "string", default: "1,2,3,4,5,6,7,8,9,10" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});

const chosen = words("tasks", values.tasks, Object.keys(tasks));
const ranges = words("squashings", values.squashings, Object.keys(squashings));
const losses = words("errors", values.errors, Object.keys(errors));
const updates = words("updates", values.updates, ["answer", "sequence"]);
const seeds = numbers("seeds", values.seeds, 0);
const [jobs] = numbers("jobs", values.jobs, 1);

// Before anything is trained: the network has as many weights as the paper counts.
for (const name of chosen) {
  const found = leaves(network("text", tasks[name].net).init(Key.of(0))).reduce((n, p) => n + p.size, 0);
  if (found !== tasks[name].weights)
    throw new Error(`${name}: the network has ${found} weights, the paper's has ${tasks[name].weights}`);
}

await carryOut({
  runs: ranges.flatMap((squashing) =>
    chosen.flatMap((task) =>
      losses.flatMap((error) =>
        updates.flatMap((update) => seeds.map((seed) => ({ task, squashing, error, update, seed }))),
      ),
    ),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) => Object.keys(run).every((name) => result[name] === run[name]),
  tell: ({ task, squashing, error, update, seed }, { solved, sequences, cpuSeconds }) =>
    `${task}, ${squashing}, ${error}, ${update}, seed ${seed}: ${solved ? "solved" : "not solved"} after ${sequences} sequences, ${cpuSeconds} s`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
