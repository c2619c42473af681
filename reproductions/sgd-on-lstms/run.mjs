// All runs, then the table and the figure; README.md says what the options mean.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "../runs.mjs";
import { arms } from "./arms.mjs";
import { bestRuns } from "./best-runs.mjs";
import { figure } from "./figure.mjs";
import { summary } from "./summary.mjs";
import { tasks } from "./tasks.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "temporal order,adding" },
    text: { type: "string" },
    minutes: { type: "string", default: "10" },
    seeds: { type: "string", default: "1,2,3" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: here("results.jsonl") },
    figure: { type: "string", default: here("figure.svg") },
  },
});

const minutes = Number(values.minutes);
if (!(minutes > 0)) fail(`--minutes: expected a number above 0, got "${values.minutes}"`);
const seeds = numbers("seeds", values.seeds, 0);
const [jobs] = numbers("jobs", values.jobs, 1);
const given = words("tasks", values.tasks, Object.keys(tasks));
const chosen = [...new Set([...given, ...(values.text === undefined ? [] : ["text"])])];
if (chosen.includes("text") && values.text === undefined) fail("the task text needs --text, the path of one");

/** Runs of every task, at some rates of each arm. */
const runsOf = (seed, ratesOf) =>
  chosen.flatMap((task) =>
    Object.keys(arms).flatMap((arm) =>
      ratesOf(task, arm).map((rate) => ({
        task,
        seed,
        minutes,
        arm,
        rate,
        ...(task === "text" ? { text: values.text } : {}),
      })),
    ),
  );

const carry = (runs) =>
  carryOut({
    runs,
    program: new URL("train.mjs", import.meta.url),
    file: values.results,
    covers: (result, { text, ...run }) => Object.keys(run).every((key) => result[key] === run[key]),
    tell: ({ task, arm, rate, seed }, { ended, curve }) => {
      const { value, step } = curve.at(-1) ?? {};
      return `${task}, ${arm}, rate ${rate}, seed ${seed}: ${ended === "diverged" ? ended : `${value} after ${step} updates`}`;
    },
    jobs,
  });

const [first, ...others] = seeds.toSorted((a, b) => a - b);
await carry(runsOf(first, (_, arm) => arms[arm].rates));
const best = bestRuns(
  readResults(values.results).filter(({ seed }) => seed === first),
  minutes,
);
const bestRate = (task, arm) => best.find((group) => group.task === task && group.arm === arm).rate;
await carry(others.flatMap((seed) => runsOf(seed, (task, arm) => [bestRate(task, arm)])));

process.stdout.write(summary(readResults(values.results), minutes));
writeFileSync(values.figure, figure(readResults(values.results), minutes));
process.stderr.write(`wrote ${values.figure}\n`);
