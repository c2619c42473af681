// All runs, then the tables; README.md says what the options mean.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "../runs.mjs";
import { arms } from "./arms.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    arms: { type: "string", default: Object.keys(arms).join(",") },
    seeds: { type: "string", default: "1" },
    epochs: { type: "string" },
    minutes: { type: "string", default: "100000" },
    jobs: { type: "string", default: "1" },
    state: { type: "string", default: "runs/2015-sukhbaatar-memory-networks" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
if (values.data === undefined)
  fail("--data: the folder of the bAbI tasks is missing; README.md says where it is from");
const { data, state, results } = values;
const [[minutes], [jobs]] = ["minutes", "jobs"].map((name) => numbers(name, values[name], 1));
const seeds = numbers("seeds", values.seeds, 0);

await carryOut({
  runs: words("arms", values.arms, Object.keys(arms)).flatMap((arm) =>
    seeds.map((seed) => {
      const epochs = values.epochs === undefined ? arms[arm].epochs : numbers("epochs", values.epochs, 1)[0];
      return { arm, seed, epochs, minutes, data, state: join(state, `${arm}-${seed}-${epochs}.json`) };
    }),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: results,
  // A run that ran out of minutes is taken up again.
  covers: (result, run) => result.arm === run.arm && result.seed === run.seed && result.epochs >= run.epochs,
  tell: ({ arm, seed }, { mean }) => `${arm}, seed ${seed}: ${(100 * mean).toFixed(1)} % wrong`,
  jobs,
});
process.stdout.write(summary(readResults(results)));
