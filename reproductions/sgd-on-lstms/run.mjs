// All runs, one after the other, then the table and the figure; README.md says what the options mean. Runs whose results are there
// already are left out.

import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { arms } from "./arms.mjs";
import { figure } from "./figure.mjs";
import { table } from "./table.mjs";
import { tasks } from "./tasks.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "temporal order,adding" },
    text: { type: "string" },
    minutes: { type: "string", default: "10" },
    seeds: { type: "string", default: "1,2,3" },
    results: { type: "string", default: here("results.jsonl") },
    figure: { type: "string", default: here("figure.svg") },
  },
});

const minutes = Number(values.minutes);
if (!(minutes > 0)) fail(`--minutes: expected a number above 0, got "${values.minutes}"`);
const seeds = values.seeds.split(",").map((word) => {
  if (!/^\d+$/.test(word)) fail(`--seeds: expected whole numbers, got "${word}"`);
  return Number(word);
});
const chosen = [...values.tasks.split(","), ...(values.text === undefined ? [] : ["text"])];
for (const name of chosen)
  if (!Object.hasOwn(tasks, name))
    fail(`--tasks: there is no "${name}"; there is ${Object.keys(tasks).join(", ")}`);
if (chosen.includes("text") && values.text === undefined) fail("the task text needs --text, the path of one");

for (const seed of seeds)
  for (const task of chosen)
    for (const [arm, { rates }] of Object.entries(arms))
      for (const rate of rates) once({ task, arm, rate, seed, minutes });

process.stdout.write(table(known(), minutes));
writeFileSync(values.figure, figure(known(), minutes));
process.stderr.write(`wrote ${values.figure}\n`);

/** A run in a process and on a thread of its own: nothing else of the experiment runs beside it. */
function once(run) {
  const same = (result) => Object.keys(run).every((key) => result[key] === run[key]);
  if (known().some(same)) return;
  const given = JSON.stringify({ ...run, ...(run.task === "text" ? { text: values.text } : {}) });
  const { status, stdout } = spawnSync(process.execPath, [here("train.mjs"), given], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, LONGSPAN_THREADS: "1" },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`a run ended with exit code ${status}: ${given}`);
  appendFileSync(values.results, stdout);
  const { ended, curve } = JSON.parse(stdout);
  const last = curve.at(-1);
  process.stderr.write(
    `${given}: ${ended === "diverged" ? ended : `${last.value} after ${last.step} updates`}\n`,
  );
}

function known() {
  if (!existsSync(values.results)) return [];
  const lines = readFileSync(values.results, "utf8").split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line));
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(2);
}
