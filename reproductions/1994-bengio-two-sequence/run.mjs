// All runs; README.md says what the options mean.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { figure } from "./figure.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    by: { type: "string", default: "guess,descent" },
    starts: { type: "string", default: "small,orthogonal" },
    lengths: { type: "string", default: "5,10,20,40,60,100" },
    informative: { type: "string", default: "3,1" },
    seeds: { type: "string", default: "1,2,3,4,5,6,7,8,9,10" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
    figure: { type: "string", default: fileURLToPath(new URL("figure.svg", import.meta.url)) },
  },
});
const ways = words("by", values.by, ["guess", "descent"]);
const starts = words("starts", values.starts, ["small", "orthogonal"]);
const lengths = numbers("lengths", values.lengths, 4);
const steps = words("informative", values.informative, ["1", "3"]).map(Number);
const seeds = numbers("seeds", values.seeds, 0);
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: steps.flatMap((informative) =>
    ways
      .flatMap((by) => (by === "descent" ? starts.map((start) => ({ by, start })) : [{ by }]))
      .flatMap((way) =>
        seeds.flatMap((seed) => lengths.map((length) => ({ ...way, length, informative, seed }))),
      ),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) => Object.keys(run).every((name) => result[name] === run[name]),
  tell: ({ by, start, length, informative, seed }, { solved, tries, cpuSeconds }) =>
    `${start === undefined ? by : `${by}, ${start} start`}, length ${length}, ${informative} informative, seed ${seed}: ${solved ? "solved" : "not solved"} after ${tries}, ${cpuSeconds} s`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
writeFileSync(values.figure, figure(readResults(values.results)));
process.stderr.write(`wrote ${values.figure}\n`);
