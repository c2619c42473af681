// Which setting an arm runs with, by its tuning runs.

import { settingsOf, tuning } from "./setting.mjs";

/**
 * The setting whose tuning runs did best; null while one of them is missing.
 *
 *     span   the fewest updates in sum, a run without success counting as twice its own; among equal ones, the fewest wrong
 *     text   the fewest bits per character
 *
 * @param results runs of any kind
 * @param where task, arm, and the length or the share of the text
 */
export function best(results, { task, arm, ...at }) {
  const own = results.filter(
    (r) =>
      r.task === task &&
      r.arm === arm &&
      tuning[task].includes(r.seed) &&
      Object.keys(at).every((name) => r[name] === at[name]),
  );
  const tried = settingsOf(task, arm).map((setting) => ({
    setting,
    runs: own.filter((r) => r.rate === setting.rate && r.weight === setting.weight),
  }));
  if (tried.some(({ runs }) => runs.length < tuning[task].length)) return null;
  const costs = tried.map(({ setting, runs }) => ({
    setting,
    cost: sum(runs, costOf),
    wrong: sum(runs, wrongOf),
  }));
  costs.sort((a, b) => a.cost - b.cost || a.wrong - b.wrong);
  return costs[0].setting;
}

const costOf = ({ task, bits, solved, updates }) => (task === "text" ? bits : solved ? updates : 2 * updates);
const wrongOf = ({ wrongShare = 0 }) => wrongShare;
const sum = (runs, of) => runs.reduce((total, run) => total + of(run), 0);
