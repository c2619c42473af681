// All runs, then the tables; README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "../runs.mjs";
import { arms } from "./arms.mjs";
import { summary } from "./summary.mjs";
import { tasks } from "./tasks.mjs";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    arms: { type: "string", default: Object.keys(arms).join(",") },
    seeds: { type: "string", default: "1,2,3" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
const names = words("tasks", values.tasks, Object.keys(tasks));
if (values.data === undefined && names.includes("chorales"))
  fail("--data is needed for the chorales: the folder with jsb-chorales-quarter.json");
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: numbers("seeds", values.seeds, 0).flatMap((seed) =>
    names.flatMap((task) =>
      words("arms", values.arms, Object.keys(arms)).map((arm) => ({
        task,
        arm,
        seed,
        steps: tasks[task].steps,
        data: values.data,
      })),
    ),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, { data, ...run }) => Object.entries(run).every(([name, value]) => result[name] === value),
  tell: ({ task, arm, seed }, { test, seconds }) => `${task}, ${arm}, seed ${seed}: ${test}, ${seconds} s`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
