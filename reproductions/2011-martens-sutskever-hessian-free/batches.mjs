// How large a batch Hessian-free needs: adding over 30 steps, by the sequences of an update. README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults } from "../runs.mjs";
import { batchSummary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    batches: { type: "string", default: "20,50,100,200,500,1000" },
    length: { type: "string", default: "30" },
    seeds: { type: "string", default: "1,2" },
    thousands: { type: "string", default: "1500" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("batches.jsonl", import.meta.url)) },
  },
});
const batches = numbers("batches", values.batches, 1);
const [length] = numbers("length", values.length, 10);
const seeds = numbers("seeds", values.seeds, 0);
const [thousands] = numbers("thousands", values.thousands, 1);
const [jobs] = numbers("jobs", values.jobs, 1);

const of = { task: "adding", arm: "hessian-free", length };
await carryOut({
  runs: seeds.flatMap((seed) =>
    batches.map((batch) => ({ ...of, seed, updates: 1_000_000, batch, thousands })),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) =>
    ["task", "arm", "length", "seed"].every((name) => result[name] === run[name]) &&
    result.setting.batch === run.batch &&
    (result.solved || result.diverged || result.gradients >= run.thousands),
  tell: ({ batch, seed }, { solved, updates, gradients, seconds }) =>
    `${batch} sequences, seed ${seed}: ${solved ? "solved" : "not solved"} after ${updates} updates, ${gradients} thousand gradients, ${seconds} s`,
  jobs,
});
process.stdout.write(batchSummary(readResults(values.results)));
