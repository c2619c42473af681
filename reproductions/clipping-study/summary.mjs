// What the results say: the settings chosen, the medians, and the verdicts.

import { methods, thresholds } from "./methods.mjs";
import { tasks } from "./tasks.mjs";
import { compare, MARGIN, median, together } from "./verdict.mjs";

/**
 * The setting with which the tuning runs of a method took the fewest updates, a run without success counting as twice its own. Null
 * where none of them succeeded: then there is nothing to choose by.
 */
export function best(results, task, method) {
  const cost = ({ solved, updates }) => (solved ? updates : 2 * updates);
  const tuning = results.filter(
    (r) => r.task === task && r.method === method && tasks[task].tuning.includes(r.seed),
  );
  if (!tuning.some(({ solved }) => solved)) return null;
  const runsWith = ({ rate, threshold }) =>
    tuning.filter((r) => r.rate === rate && r.threshold === threshold);
  const total = (setting) => runsWith(setting).reduce((sum, r) => sum + cost(r), 0);
  const settings = tasks[task].rates
    .flatMap((rate) => thresholds[method].map((threshold) => ({ rate, threshold })))
    .filter((setting) => runsWith(setting).length === tasks[task].tuning.length);
  return settings.reduce((a, b) => (total(b) < total(a) ? b : a));
}

export function summary(results) {
  const rows = [];
  const pairs = [];
  for (const task of Object.keys(tasks)) {
    const complete = {};
    for (const method of methods) {
      const setting = best(results, task, method);
      if (setting === null) {
        rows.push(`| ${task} | ${method} | none chosen | | not run | |`);
        continue;
      }
      const { rate, threshold } = setting;
      const runs = results.filter(
        (r) =>
          r.task === task &&
          r.method === method &&
          r.rate === rate &&
          r.threshold === threshold &&
          tasks[task].seeds.includes(r.seed),
      );
      if (runs.length === 0) continue;
      const updates = runs.map((r) => (r.solved ? r.updates : Number.POSITIVE_INFINITY));
      const solved = runs.filter((r) => r.solved).length;
      rows.push(
        `| ${task} | ${method} | ${rate} | ${threshold} | ${solved} of ${runs.length} | ${shown(median(updates))} |`,
      );
      if (runs.length === tasks[task].seeds.length) complete[method] = updates;
    }
    for (const [i, a] of methods.entries())
      for (const b of methods.slice(i + 1))
        if (complete[a] && complete[b]) pairs.push({ task, a, b, ...compare(complete[a], complete[b]) });
  }
  const verdicts = pairs.map(
    ({ task, a, b, ratio, interval: [low, high], verdict }) =>
      `| ${task} | ${a} / ${b} | ${shown(ratio)} | ${shown(low)} to ${shown(high)} | ${verdict} |`,
  );
  return [
    "| task | method | rate | v | solved | median updates |",
    "| --- | --- | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
    "| task | ratio of medians | | 95 % interval | verdict |",
    "| --- | --- | ---: | --- | --- |",
    ...verdicts,
    "",
    `All together, within a factor of ${MARGIN}: ${together(pairs.map(({ verdict }) => verdict))}.`,
    "",
  ].join("\n");
}

function shown(value) {
  if (Number.isNaN(value)) return "none";
  return Number.isFinite(value) ? `${Math.round(100 * value) / 100}` : "no success";
}
