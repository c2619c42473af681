// All runs of the experiment, several at a time; README.md says what the options mean. Runs whose results are there already are
// left out, so an experiment that was broken off goes on where it was.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { arms, tasks } from "./setting.mjs";
import { summary } from "./summary.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    arms: { type: "string", default: Object.keys(arms).join(",") },
    radii: { type: "string", default: "1.1,1.2" },
    rates: { type: "string", default: "1e-3,1e-4,1e-5,1e-6" },
    seeds: { type: "string", default: "1,2,3,4" },
    updates: { type: "string", default: "50000" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: here("results.jsonl") },
  },
});

const chosen = {
  tasks: names("tasks", tasks),
  arms: names("arms", arms),
  radii: numbers("radii"),
  rates: numbers("rates"),
  seeds: numbers("seeds"),
};
const [updates] = numbers("updates");
const [jobs] = numbers("jobs");

const waiting = chosen.seeds
  .flatMap((seed) => chosen.radii.map((radius) => ({ radius, seed })))
  .flatMap((run) => chosen.tasks.map((task) => ({ task, ...run })))
  .flatMap((run) => chosen.arms.map((arm) => ({ arm, ...run })))
  .flatMap((run) => chosen.rates.map((rate) => ({ ...run, rate, updates })))
  .filter((run) => !known().some((result) => covers(result, run)));
await Promise.all(Array.from({ length: jobs }, worker));
process.stdout.write(summary(known()));

async function worker() {
  for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
    const line = await inProcess(run);
    // One line, one write: a process that is killed leaves whole lines.
    appendFileSync(values.results, line);
    process.stderr.write(line);
  }
}

/** Each run in a process and on a thread of its own, so that it gives the same numbers whatever runs beside it. */
function inProcess(run) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [here("train.mjs"), JSON.stringify(run)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, LONGSPAN_THREADS: "1" },
    });
    let text = "";
    child.stdout.on("data", (part) => {
      text += part;
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0
        ? resolve(text)
        : reject(new Error(`a run ended with exit code ${code}: ${JSON.stringify(run)}`)),
    );
  });
}

/** The results so far. */
function known() {
  if (!existsSync(values.results)) return [];
  const lines = readFileSync(values.results, "utf8").split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line));
}

/** Whether a result says what a run would. */
function covers(result, run) {
  const same = ["task", "arm", "radius", "rate", "seed"].every((name) => result[name] === run[name]);
  return same && (result.ended === "budget" ? result.updates === run.updates : result.updates <= run.updates);
}

function names(option, known) {
  const given = values[option].split(",");
  for (const name of given)
    if (!Object.hasOwn(known, name))
      fail(`--${option}: there is no "${name}"; there is ${Object.keys(known).join(", ")}`);
  return given;
}

function numbers(option) {
  return values[option].split(",").map((word) => {
    const n = Number(word);
    if (!(n > 0)) fail(`--${option}: expected numbers above 0, got "${word}"`);
    return n;
  });
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(2);
}
