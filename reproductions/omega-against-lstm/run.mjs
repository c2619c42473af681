// All runs: each arm is tuned at each length and each share of the text, then runs with the setting that was best. README.md says what
// the options mean.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { best } from "./choose.mjs";
import { arms, settingsOf, tuning } from "./setting.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    arms: { type: "string", default: Object.keys(arms).join(",") },
    lengths: { type: "string", default: "50,100" },
    text: { type: "string" },
    percent: { type: "string", default: "1,10,100" },
    seeds: { type: "string", default: "1,2,3,4,5" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
  },
});
const chosen = words("arms", values.arms, Object.keys(arms));
const lengths = values.lengths === "" ? [] : numbers("lengths", values.lengths, 10);
const percent = values.text === undefined ? [] : numbers("percent", values.percent, 1);
const seeds = numbers("seeds", values.seeds, 0);
const [jobs] = numbers("jobs", values.jobs, 1);

const questions = [
  ...lengths.map((length) => ({ task: "span", length })),
  ...percent.map((p) => ({ task: "text", share: p / 100 })),
];
for (const question of questions) {
  const each = chosen.map((arm) => ({ ...question, arm }));
  await carry(
    tuning[question.task].flatMap((seed) =>
      each.flatMap((run) => settingsOf(run.task, run.arm).map((setting) => ({ ...run, ...setting, seed }))),
    ),
  );
  const known = readResults(values.results);
  await carry(seeds.flatMap((seed) => each.map((run) => ({ ...run, ...best(known, run), seed }))));
}
process.stdout.write(summary(readResults(values.results)));

function carry(runs) {
  return carryOut({
    runs: runs.map((run) => (run.task === "text" ? { ...run, text: values.text } : run)),
    program: new URL("train.mjs", import.meta.url),
    file: values.results,
    covers: (result, run) =>
      ["task", "arm", "length", "share", "rate", "weight", "seed"].every(
        (name) => result[name] === run[name],
      ),
    tell: ({ task, arm, length, share, rate, weight, seed }, { solved, updates, bits, cpuSeconds }) => {
      const at = `${arm}, rate ${rate}${weight === null ? "" : `, weight ${weight}`}, seed ${seed}`;
      return task === "span"
        ? `length ${length}, ${at}: ${solved ? "solved" : "not solved"} after ${updates} updates, ${cpuSeconds} s`
        : `${100 * share} % of the text, ${at}: ${bits.toFixed(3)} bits per character, ${cpuSeconds} s`;
    },
    jobs,
  });
}
