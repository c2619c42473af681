// All runs, then the table; README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "../runs.mjs";
import { unheard } from "./recordings.mjs";
import { summary } from "./summary.mjs";
import { ways } from "./ways.mjs";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    ways: { type: "string", default: Object.keys(ways).join(",") },
    unheard: { type: "string", default: Object.keys(unheard).join(",") },
    seeds: { type: "string", default: "1,2,3" },
    steps: { type: "string", default: "2000" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
if (values.data === undefined)
  fail("--data is needed: the folder with mfcc13_f32le.bin and mfcc13_index.json");
const [steps] = numbers("steps", values.steps, 1);
const [jobs] = numbers("jobs", values.jobs, 1);
const seeds = numbers("seeds", values.seeds, 0);

await carryOut({
  runs: words("unheard", values.unheard, Object.keys(unheard)).flatMap((what) =>
    seeds.flatMap((seed) =>
      words("ways", values.ways, Object.keys(ways)).map((way) => ({
        data: values.data,
        way,
        unheard: what,
        seed,
        steps,
      })),
    ),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, { data, ...run }) => Object.entries(run).every(([name, value]) => result[name] === value),
  tell: (run, { readings, seconds }) =>
    `${run.way}, ${run.unheard}, seed ${run.seed}: label error ${(100 * readings.chosen.error).toFixed(2)} %, ${seconds} s`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
