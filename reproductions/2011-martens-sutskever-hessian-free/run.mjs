// All runs of the experiment, several at a time; README.md says what the options mean. Runs whose results are there already are
// left out, so an experiment that was broken off goes on where it was.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { arms, tasks } from "./arms.mjs";
import { summary } from "./summary.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "adding,multiplication" },
    arms: { type: "string", default: Object.keys(arms).join(",") },
    lengths: { type: "string", default: "30,50,100" },
    seeds: { type: "string", default: "1,2" },
    updates: { type: "string", default: "500" },
    sgdUpdates: { type: "string", default: "50000" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: here("results.jsonl") },
  },
});

const chosen = {
  tasks: values.tasks.split(","),
  arms: values.arms.split(","),
  lengths: numbers("lengths", 10),
  seeds: numbers("seeds", 0),
};
for (const task of chosen.tasks)
  if (!Object.hasOwn(tasks, task))
    fail(`--tasks: no task "${task}"; there is ${Object.keys(tasks).join(", ")}`);
for (const arm of chosen.arms)
  if (!Object.hasOwn(arms, arm)) fail(`--arms: no arm "${arm}"; there is ${Object.keys(arms).join(", ")}`);
const [most, mostOfSgd] = [...numbers("updates", 1), ...numbers("sgdUpdates", 1)];
const [jobs] = numbers("jobs", 1);

const waiting = chosen.lengths
  .flatMap((length) =>
    chosen.seeds.flatMap((seed) =>
      chosen.tasks.flatMap((task) =>
        chosen.arms.map((arm) => ({ task, arm, length, seed, updates: arm === "sgd" ? mostOfSgd : most })),
      ),
    ),
  )
  .filter((run) => !known().some((result) => covers(result, run)));
await Promise.all(Array.from({ length: jobs }, worker));
process.stdout.write(summary(known()));

async function worker() {
  for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
    const line = await inProcess(run);
    // One line, one write: a process that is killed leaves whole lines.
    appendFileSync(values.results, line);
    const { solved, updates, seconds } = JSON.parse(line);
    process.stderr.write(
      `${run.task}, ${run.arm}, length ${run.length}, seed ${run.seed}: ${solved ? "solved" : "not solved"} after ${updates} updates, ${seconds} s; ${waiting.length} runs wait\n`,
    );
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

/** Whether a result says what a run would: it succeeded within as many updates, or failed after as many or more. */
function covers(result, run) {
  const same = ["task", "arm", "length", "seed"].every((name) => result[name] === run[name]);
  return same && (result.solved ? result.updates <= run.updates : result.updates >= run.updates);
}

function numbers(name, least) {
  return values[name].split(",").map((word) => {
    const n = Number(word);
    if (!Number.isSafeInteger(n) || n < least || word.trim() === "")
      fail(`--${name}: expected whole numbers of at least ${least}, got "${word}"`);
    return n;
  });
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(2);
}
