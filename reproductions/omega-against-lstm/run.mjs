// All runs; README.md says what the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { arms } from "./setting.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    arms: { type: "string", default: Object.keys(arms).join(",") },
    lengths: { type: "string", default: "20,50,100,200" },
    text: { type: "string" },
    percent: { type: "string", default: "1,10,100" },
    seeds: { type: "string", default: "1,2,3" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
const chosen = words("arms", values.arms, Object.keys(arms));
const lengths = numbers("lengths", values.lengths, 10);
const percent = numbers("percent", values.percent, 1);
const seeds = numbers("seeds", values.seeds, 0);
const [jobs] = numbers("jobs", values.jobs, 1);

const each = (make) => seeds.flatMap((seed) => chosen.flatMap((arm) => make(arm, seed)));
await carryOut({
  runs: [
    ...lengths.flatMap((length) => each((arm, seed) => ({ task: "span", arm, length, seed }))),
    ...(values.text === undefined ? [] : percent).flatMap((p) =>
      each((arm, seed) => ({ task: "text", arm, share: p / 100, seed, text: values.text })),
    ),
  ],
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) =>
    ["task", "arm", "length", "share", "seed"].every((name) => result[name] === run[name]),
  tell: ({ task, arm, length, share, seed }, { solved, updates, bits, cpuSeconds }) =>
    task === "span"
      ? `${arm}, length ${length}, seed ${seed}: ${solved ? "solved" : "not solved"} after ${updates} updates, ${cpuSeconds} s`
      : `${arm}, ${100 * share} % of the text, seed ${seed}: ${bits.toFixed(3)} bits per character, ${cpuSeconds} s`,
  jobs,
});
process.stdout.write(summary(readResults(values.results)));
