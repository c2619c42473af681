// The table of the results, and their figure: node summary.mjs [RESULTS [FIGURE]].

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../line-chart.mjs";
import { readResults } from "../runs.mjs";

/** Rows of cells: the share of right answers at each test, the mean over seeds and the least. */
export function summary(results) {
  return ["recall", "crowded", "parity"]
    .map((question) => tableOf(results.filter((r) => r.question === question)))
    .join("\n");
}

function tableOf(results) {
  if (results.length === 0) return "";
  const names = results[0].right.map(({ name }) => name);
  const heads = ["cell", "numbers in state", "parameters", "seeds", ...names];
  const rows = cellsIn(results).map((cell) => {
    const own = results.filter((r) => r.cell === cell);
    const shares = names.map((_, k) => {
      const all = own.map(({ right }) => 100 * right[k].share);
      return `${mean(all).toFixed(1)} (${Math.min(...all).toFixed(1)})`;
    });
    return [cell, own[0].state, own[0].parameters, own.length, ...shares];
  });
  return [heads, heads.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

/** The picture: right answers against how many pairs there are, and against how many bits. */
export function figure(results) {
  const panel = (question, title, across, kept, x) => {
    const own = results.filter((r) => r.question === question);
    const tests = own[0].right.map(({ name }) => name).filter(kept);
    return {
      title,
      across,
      ticks: tests.map(x),
      up: 100,
      lines: cellsIn(own).map((cell) => ({
        name: cell,
        dots: true,
        points: tests.map((name) => [
          x(name),
          mean(
            own
              .filter((r) => r.cell === cell)
              .map(({ right }) => 100 * right.find((t) => t.name === name).share),
          ),
        ]),
      })),
    };
  };
  const in64 = (name) => name.endsWith(" 64 steps");
  const pairs = "pairs, in sequences of 64 steps";
  return lineChart([
    panel("recall", "Right answers in %, 32 features", pairs, in64, Number.parseFloat),
    panel("crowded", "Right answers in %, 16 features", pairs, in64, Number.parseFloat),
    panel("parity", "Right answers in %, parity", "bits; trained on 3 to 40", () => true, Number.parseFloat),
  ]);
}

function cellsIn(results) {
  return [...new Set(results.map(({ cell }) => cell))];
}

function mean(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , file = fileURLToPath(new URL("results.jsonl", import.meta.url)), picture] = process.argv;
  const results = readResults(file);
  process.stdout.write(summary(results));
  if (picture) writeFileSync(picture, figure(results));
}
