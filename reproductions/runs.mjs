// What the experiments of several runs share: runs as processes, several at a time, a line of JSON for each in a file. Runs whose
// results are there already are left out, so an experiment that was broken off goes on where it was.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Carries out runs.
 *
 * @param runs what each run is given, as plain records
 * @param program URL of the program of a run: `node PROGRAM RUN` prints its result as a line of JSON
 * @param file the results
 * @param covers whether a result says what a run would: (result, run) => boolean
 * @param tell a run that has ended, in words: (run, result) => string
 * @param jobs runs at a time
 */
export async function carryOut({ runs, program, file, covers, tell, jobs }) {
  const known = readResults(file);
  const waiting = runs.filter((run) => !known.some((result) => covers(result, run)));
  const worker = async () => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const line = await inProcess(program, run);
      // One line, one write: a process that is killed leaves whole lines.
      appendFileSync(file, line);
      process.stderr.write(`${tell(run, JSON.parse(line))}; ${waiting.length} runs wait\n`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

/** The results so far. */
export function readResults(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line));
}

/** Each run in a process and on a thread of its own, so that it gives the same numbers whatever runs beside it. */
function inProcess(program, run) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(program), JSON.stringify(run)], {
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

/** The words of an option, each of which must be known. */
export function words(name, text, known) {
  const given = text.split(",");
  for (const word of given)
    if (!known.includes(word)) fail(`--${name}: no "${word}"; there is ${known.join(", ")}`);
  return given;
}

/** The whole numbers of an option. */
export function numbers(name, text, least) {
  return text.split(",").map((word) => {
    const n = Number(word);
    if (!Number.isSafeInteger(n) || n < least || word.trim() === "")
      fail(`--${name}: expected whole numbers of at least ${least}, got "${word}"`);
    return n;
  });
}

/** Ends the program: the user asked for something that there is not. */
export function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(2);
}
