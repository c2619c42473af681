// All runs of the experiment, several at a time; README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { arms, tasks } from "./arms.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "adding,multiplication" },
    arms: { type: "string", default: Object.keys(arms).join(",") },
    lengths: { type: "string", default: "30,50,100" },
    seeds: { type: "string", default: "1,2" },
    updates: { type: "string", default: "500" },
    sgdUpdates: { type: "string", default: "50000" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});

const chosenTasks = words("tasks", values.tasks, Object.keys(tasks));
const chosenArms = words("arms", values.arms, Object.keys(arms));
const lengths = numbers("lengths", values.lengths, 10);
const seeds = numbers("seeds", values.seeds, 0);
const [most] = numbers("updates", values.updates, 1);
const [mostOfSgd] = numbers("sgdUpdates", values.sgdUpdates, 1);
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: lengths
    .flatMap((length) => seeds.map((seed) => ({ length, seed })))
    .flatMap((run) => chosenTasks.map((task) => ({ task, ...run })))
    .flatMap((run) => chosenArms.map((arm) => ({ arm, ...run, updates: arm === "sgd" ? mostOfSgd : most }))),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers,
  tell: ({ task, arm, length, seed }, { solved, updates, seconds }) =>
    `${task}, ${arm}, length ${length}, seed ${seed}: ${solved ? "solved" : "not solved"} after ${updates} updates, ${seconds} s`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));

/** A run succeeded within as many updates, or failed after as many or more. */
function covers(result, run) {
  const same = ["task", "arm", "length", "seed"].every((name) => result[name] === run[name]);
  return same && (result.solved ? result.updates <= run.updates : result.updates >= run.updates);
}
