// The results as a table: the median over seeds of each regime, and every seed.

import { stepsOf } from "../pairs-runs.mjs";
import { regimes } from "./regimes.mjs";

/** Of a list of numbers. */
export const median = (list) => {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return (sorted[Math.floor(at)] + sorted[Math.ceil(at)]) / 2;
};
/** Over the first so many points. */
const nrmse = (alone, n) => Math.sqrt(alone.slice(0, n).reduce((sum, e) => sum + e ** 2, 0) / n);

/** The results of each arm, by seed, in the order in which arms first come. */
export function byArm(results) {
  const arms = [...new Set(results.map(({ arm }) => arm))];
  return arms.map((arm) => ({
    arm,
    all: results.filter((result) => result.arm === arm).toSorted((a, b) => a.seed - b.seed),
  }));
}

const points = { numbers: "numbers", levels: "symbols" };

export function summary(results) {
  const rows = byArm(results).map(({ arm, all }) => {
    const of = (measure) => median(all.map(measure)).toFixed(3);
    const [kind, regime] = arm.split(".");
    const nats = kind === "levels" ? of(({ told }) => told.nats) : "";
    const alone = [1, 10, 30, 100].map((n) => of((result) => nrmse(result.alone, n)));
    const each = all.map((result) => nrmse(result.alone, 100).toFixed(2)).join(", ");
    return `| ${[points[kind], regimes[regime].words, of(({ told }) => told.nrmse), nats, ...alone, each].join(" | ")} |`;
  });
  return `${[
    "| points are | regime | told, NRMSE | told, nats | alone: 1 point | 10 points | 30 points | 100 points | 100 points, by seed |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ...rows,
  ].join("\n")}\n`;
}

/** What is shown of one run when it ends. */
export const table = {
  head: [],
  row: (result) =>
    `${stepsOf(result)} steps, told ${result.told.nrmse}, alone over 100 points ${nrmse(result.alone, 100).toFixed(3)}`,
};
