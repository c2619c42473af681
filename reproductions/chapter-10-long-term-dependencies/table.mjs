// Tables and checks: what a demonstration measured, beside what is known.
import { mkdirSync, writeFileSync } from "node:fs";

/** Prints rows, records with the same keys, and writes them to results/NAME.csv. */
export function writeTable(name, rows) {
  const columns = Object.keys(rows[0]);
  const cells = [columns, ...rows.map((row) => columns.map((column) => shown(row[column])))];
  const widths = columns.map((_, c) => Math.max(...cells.map((line) => line[c].length)));
  for (const line of cells) console.log(line.map((cell, c) => cell.padStart(widths[c])).join("  "));
  mkdirSync(new URL("results/", import.meta.url), { recursive: true });
  writeFileSync(
    new URL(`results/${name}.csv`, import.meta.url),
    `${cells.map((line) => line.join(",")).join("\n")}\n`,
  );
  console.log(`wrote results/${name}.csv`);
}

function shown(value) {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(5)));
}

/** Prints a known answer beside the measured one; one that is missed makes the command fail. */
export function check(what, measured, known, { within, relative = true }) {
  const error = Math.abs(measured - known) / (relative ? Math.abs(known) : 1);
  report(
    error <= within,
    `${what}: ${shown(measured)}, known ${shown(known)}, ${relative ? "relative " : ""}error ${error.toExponential(1)} (at most ${within})`,
  );
}

/** Prints whether a claim holds; one that does not makes the command fail. */
export function claim(what, holds) {
  report(holds, what);
}

function report(good, text) {
  console.log(`${good ? "ok    " : "FAILED"} ${text}`);
  if (!good) process.exitCode = 1;
}

/** The slope of the straight line through points, by least squares. */
export function slope(xs, ys) {
  const mean = (list) => list.reduce((total, v) => total + v, 0) / list.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((total, x, i) => total + (x - mx) * (ys[i] - my), 0);
  return covariance / xs.reduce((total, x) => total + (x - mx) ** 2, 0);
}
