// All runs of the experiment; README.md says what the options mean.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { arms } from "./model.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    arms: { type: "string", default: Object.keys(arms).join() },
    seeds: { type: "string", default: "1" },
    steps: { type: "string", default: "4000" },
    minutes: { type: "string", default: "100000" },
    jobs: { type: "string", default: "1" },
    state: { type: "string", default: "runs/2018-nangia-bowman-list-ops" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});

const chosen = words("arms", values.arms, Object.keys(arms));
const seeds = numbers("seeds", values.seeds, 0);
const [steps] = numbers("steps", values.steps, 1);
const [minutes] = numbers("minutes", values.minutes, 1);
const [jobs] = numbers("jobs", values.jobs, 1);
mkdirSync(values.state, { recursive: true });

await carryOut({
  runs: seeds.flatMap((seed) =>
    chosen.map((arm) => ({
      arm,
      seed,
      steps,
      minutes,
      state: join(values.state, `${arm}-${seed}.json`),
      data: values.data,
    })),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) => result.arm === run.arm && result.seed === run.seed && result.steps >= run.steps,
  tell: ({ arm, seed }, { right }) => `${arm}, seed ${seed}: ${(100 * right).toFixed(2)} % right`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
