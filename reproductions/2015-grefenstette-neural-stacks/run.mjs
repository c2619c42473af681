// All runs of the experiment; README.md says what the options mean.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { figure } from "./figure.mjs";
import { nets, tasks } from "./net.mjs";
import { summary } from "./summary.mjs";

const folder = (name) => fileURLToPath(new URL(name, import.meta.url));
const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    nets: { type: "string", default: nets.join(",") },
    seeds: { type: "string", default: "1,2,3,4,5" },
    rate: { type: "string", default: "0.01" },
    steps: { type: "string", default: "1000" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: folder("results.jsonl") },
    state: { type: "string", default: folder("states") },
    figure: { type: "string" },
  },
});

const chosen = words("tasks", values.tasks, Object.keys(tasks));
const chosenNets = words("nets", values.nets, nets);
const seeds = numbers("seeds", values.seeds, 0);
const [steps] = numbers("steps", values.steps, 1);
const rate = Number(values.rate);
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: seeds.flatMap((seed) =>
    chosen.flatMap((task) =>
      chosenNets.map((net) => ({
        task,
        net,
        seed,
        rate,
        steps,
        state: `${values.state}/${task}-${net}-${seed}-${values.rate}.json`,
      })),
    ),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, { task, net, seed, rate }) =>
    result.task === task && result.net === net && result.seed === seed && result.setting.rate === rate,
  tell: ({ task, net, seed }, { trained, longer, minutes }) =>
    `${task}, ${net}, seed ${seed}: ${trained.whole} of the sequences right, longer ones ${longer.whole}; ${minutes} min`,
  jobs,
});
const results = readResults(values.results);
process.stdout.write(summary(results));
if (values.figure) writeFileSync(values.figure, figure(results));
