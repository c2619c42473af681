// All runs of the experiment, several at a time; README.md says what the options mean.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { arms } from "./arms.mjs";
import { figure } from "./figure.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    arms: { type: "string", default: Object.keys(arms).join(",") },
    lengths: { type: "string", default: "20,30,50,100" },
    seeds: { type: "string", default: "1,2,3,4,5" },
    updates: { type: "string", default: "150000" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
    figure: { type: "string", default: fileURLToPath(new URL("figure.svg", import.meta.url)) },
  },
});

const chosen = words("arms", values.arms, Object.keys(arms));
const lengths = numbers("lengths", values.lengths, 10);
const seeds = numbers("seeds", values.seeds, 0);
const [updates] = numbers("updates", values.updates, 1);
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: lengths.flatMap((length) =>
    seeds.flatMap((seed) => chosen.map((arm) => ({ arm, length, seed, updates }))),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers,
  tell: ({ arm, length, seed }, { solved, updates, seconds, updatesPerSecond }) =>
    `${arm}, length ${length}, seed ${seed}: ${solved ? "solved" : "not solved"} after ${updates} updates, ${seconds} s (${updatesPerSecond}/s)`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
writeFileSync(values.figure, figure(readResults(values.results)));
process.stderr.write(`wrote ${values.figure}\n`);

/** A run succeeded within as many updates, or failed after as many or more. */
function covers(result, run) {
  const same = ["arm", "length", "seed"].every((name) => result[name] === run[name]);
  return same && (result.solved ? result.updates <= run.updates : result.updates >= run.updates);
}
