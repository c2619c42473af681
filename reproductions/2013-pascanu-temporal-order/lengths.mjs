// One model that is trained on sequences of 50 to 200 steps, then tried on longer ones than it has ever seen; README.md says what the
// options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, words } from "../runs.mjs";
import { arms } from "./arms.mjs";

const { values } = parseArgs({
  options: {
    arms: { type: "string", default: "clip+omega" },
    seeds: { type: "string", default: "1,2,3,4,5" },
    updates: { type: "string", default: "150000" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("lengths.jsonl", import.meta.url)) },
  },
});

const chosen = words("arms", values.arms, Object.keys(arms));
const seeds = numbers("seeds", values.seeds, 0);
const [updates] = numbers("updates", values.updates, 1);
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: seeds.flatMap((seed) => chosen.map((arm) => ({ arm, seed, updates }))),
  program: new URL("train-lengths.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) =>
    result.arm === run.arm &&
    result.seed === run.seed &&
    (result.solved ? result.updates <= run.updates : result.updates >= run.updates),
  tell: ({ arm, seed }, { solved, updates, of, wrong }) =>
    `${arm}, seed ${seed}: ${solved ? "solved" : "not solved"} after ${updates} updates; wrong of ${of} at ${wrong.map(({ length, wrong }) => `${length}: ${wrong}`).join(", ")}`,
  jobs,
});
