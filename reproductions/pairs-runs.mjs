// What the programs `run.mjs` and `summary.mjs` of those reproductions share: their options, their runs, and the table of their results.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, fail, numbers, readResults, words } from "./runs.mjs";

/**
 * All runs of an experiment.
 *
 * @param at URL of the folder, whose `train.mjs` carries out a run { arm, seed, steps, minutes, state, data }
 * @param arms names of what is trained
 * @param steps of a run, by default
 * @param seeds by default
 * @param data whether it needs a folder of data
 * @param table how results are shown: { head, row }, lines of Markdown and the line of a result
 * @param summary all results as text; by default the table, with the run of each arm and seed that was taken furthest
 */
export async function runPairs({
  at,
  arms,
  steps: most,
  seeds: some = "1",
  data: needsData,
  table = errorsTable,
  summary = (results) => pairsSummary(results, table),
}) {
  const here = (path) => fileURLToPath(new URL(path, at));
  const { values } = parseArgs({
    options: {
      arms: { type: "string", default: arms.join(",") },
      seeds: { type: "string", default: some },
      steps: { type: "string", default: String(most) },
      minutes: { type: "string", default: "100000" },
      jobs: { type: "string", default: "1" },
      data: { type: "string" },
      state: { type: "string", default: join("runs", here("./").split(/[\\/]/).at(-2)) },
      results: { type: "string", default: here("results.jsonl") },
    },
  });
  if (needsData && values.data === undefined)
    fail("--data: the folder with the data is missing; README.md says where it is from");
  const chosen = words("arms", values.arms, arms);
  const seeds = numbers("seeds", values.seeds, 0);
  const [[steps], [minutes], [jobs]] = ["steps", "minutes", "jobs"].map((name) =>
    numbers(name, values[name], 1),
  );
  const { state, results } = values;
  await carryOut({
    runs: chosen.flatMap((arm) =>
      seeds.map((seed) => ({
        arm,
        seed,
        steps,
        minutes,
        state: join(state, `${arm}-${seed}-${steps}.json`),
        ...(values.data === undefined ? {} : { data: values.data }),
      })),
    ),
    program: new URL("train.mjs", at),
    file: results,
    // A run that ran out of minutes is taken up again.
    covers: (result, run) => result.arm === run.arm && result.seed === run.seed && result.steps >= run.steps,
    tell: ({ arm, seed }, result) => `${arm}, seed ${seed}: ${table.row({ arm, seed, ...result })}`,
    jobs,
  });
  process.stdout.write(summary(readResults(results)));
}

/** The results as a table: per arm and seed, the run that was taken furthest. */
export function pairsSummary(results, table = errorsTable) {
  const furthest = new Map(
    results.toSorted((a, b) => a.steps - b.steps).map((result) => [`${result.arm} ${result.seed}`, result]),
  );
  const rows = [...furthest.values()].sort((a, b) =>
    // Numbers in names as numbers: 5 before 20.
    a.arm === b.arm ? a.seed - b.seed : a.arm.localeCompare(b.arm, "en", { numeric: true }),
  );
  return `${[...table.head, ...rows.map(table.row)].join("\n")}\n`;
}

/** The steps of a run, in a table. */
export const stepsOf = ({ steps, of }) => `${steps}${steps < of ? ` of ${of}` : ""}`;

const percent = (share) => (100 * share).toFixed(2);
const errorsTable = {
  head: [
    "| arm | seed | steps | wrong | sequences, % wrong | symbols, % wrong |",
    "| --- | ---: | ----: | ----: | -----------------: | ---------------: |",
  ],
  row: (result) => {
    const { arm, seed, wrong, pairs, edits } = result;
    return `| ${arm} | ${seed} | ${stepsOf(result)} | ${wrong} of ${pairs} | ${percent(wrong / pairs)} | ${percent(edits)} |`;
  },
};
