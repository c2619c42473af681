// The study: each method is tuned on each task, then the methods run with the settings that were best. README.md says what the
// options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "../runs.mjs";
import { methods, thresholds } from "./methods.mjs";
import { best, summary } from "./summary.mjs";
import { tasks } from "./tasks.mjs";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    methods: { type: "string", default: methods.join(",") },
    text: { type: "string" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
const chosen = words("tasks", values.tasks, Object.keys(tasks));
const treatments = words("methods", values.methods, methods);
const [jobs] = numbers("jobs", values.jobs, 1);
if (chosen.includes("text") && values.text === undefined)
  fail("--text: the path of a text is needed for the task text; or leave it out by --tasks");

for (const task of chosen) {
  const text = task === "text" ? values.text : null;
  await carry(
    tasks[task].tuning.flatMap((seed) =>
      treatments.flatMap((method) =>
        tasks[task].rates.flatMap((rate) =>
          thresholds[method].map((threshold) => ({ task, method, rate, threshold, seed, text })),
        ),
      ),
    ),
  );
  const known = readResults(values.results);
  await carry(
    tasks[task].seeds.flatMap((seed) =>
      treatments
        .map((method) => ({ method, setting: best(known, task, method) }))
        .filter(({ setting }) => setting !== null)
        .map(({ method, setting }) => ({ task, method, ...setting, seed, text })),
    ),
  );
}
process.stdout.write(summary(readResults(values.results)));

function carry(runs) {
  return carryOut({
    runs,
    program: new URL("train.mjs", import.meta.url),
    file: values.results,
    covers: (result, run) =>
      ["task", "method", "rate", "threshold", "seed"].every((name) => result[name] === run[name]) &&
      (result.solved || result.updates >= tasks[result.task].most),
    tell: ({ task, method, rate, threshold, seed }, { solved, updates, cpuSeconds }) =>
      `${task}, ${method}, rate ${rate}, v ${threshold}, seed ${seed}: ${solved ? "solved" : "not solved"} after ${updates} updates, ${cpuSeconds} s`,
    jobs,
  });
}
