// All runs of the experiment, several at a time; README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "../runs.mjs";
import { arms, tasks } from "./setting.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    arms: { type: "string", default: Object.keys(arms).join(",") },
    radii: { type: "string", default: "1.1,1.2" },
    rates: { type: "string", default: "1e-3,1e-4,1e-5,1e-6" },
    seeds: { type: "string", default: "1,2,3,4" },
    updates: { type: "string", default: "50000" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});

const chosenTasks = words("tasks", values.tasks, Object.keys(tasks));
const chosenArms = words("arms", values.arms, Object.keys(arms));
const radii = positive("radii", values.radii);
const rates = positive("rates", values.rates);
const seeds = numbers("seeds", values.seeds, 0);
const [updates] = numbers("updates", values.updates, 1);
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: seeds
    .flatMap((seed) => radii.map((radius) => ({ radius, seed })))
    .flatMap((run) => chosenTasks.map((task) => ({ task, ...run })))
    .flatMap((run) => chosenArms.map((arm) => ({ arm, ...run })))
    .flatMap((run) => rates.map((rate) => ({ ...run, rate, updates }))),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers,
  tell: ({ task, arm, radius, rate, seed }, { updates, ended }) =>
    `${task}, ${arm}, radius ${radius}, rate ${rate}, seed ${seed}: ended (${ended}) after ${updates} updates`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));

/** A run had as many updates, or ended before for a reason of its own. */
function covers(result, run) {
  const same = ["task", "arm", "radius", "rate", "seed"].every((name) => result[name] === run[name]);
  return same && (result.ended === "budget" ? result.updates === run.updates : result.updates <= run.updates);
}

/** The numbers of an option. */
function positive(option, text) {
  return text.split(",").map((word) => {
    const n = Number(word);
    if (!(n > 0)) fail(`--${option}: expected numbers above 0, got "${word}"`);
    return n;
  });
}
