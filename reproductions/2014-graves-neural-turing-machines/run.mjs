// The study: all runs, each resumable. README.md says what the options mean.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { machines } from "./machines.mjs";
import { summary } from "./summary.mjs";
import { tasks } from "./tasks.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    machines: { type: "string", default: Object.keys(machines).join(",") },
    seeds: { type: "string", default: "1,2,3,4,5,6,7,8,9,10" },
    sequences: { type: "string" },
    jobs: { type: "string", default: "1" },
    state: { type: "string", default: join("runs", "neural-turing-machines") },
    results: { type: "string", default: here("results.jsonl") },
  },
});
const chosen = words("tasks", values.tasks, Object.keys(tasks));
const models = words("machines", values.machines, Object.keys(machines));
const seeds = numbers("seeds", values.seeds, 0);
const [jobs] = numbers("jobs", values.jobs, 1);
const most = values.sequences === undefined ? null : numbers("sequences", values.sequences, 1)[0];

await carryOut({
  runs: chosen.flatMap((task) =>
    seeds.flatMap((seed) =>
      models.map((machine) => {
        const sequences = most ?? tasks[task].most;
        const state = join(values.state, `${task}-${machine}-${seed}-${sequences}.json`);
        return { task, machine, seed, most: sequences, state };
      }),
    ),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) =>
    ["task", "machine", "seed"].every((name) => result[name] === run[name]) &&
    (result.solved || result.failure !== null || result.most >= run.most),
  tell: ({ task, machine, seed }, { solved, sequences, bits }) =>
    `${task}, ${machine}, seed ${seed}: ${solved ? "solved" : "not solved"} after ${sequences} sequences, ${bits} bits each`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
