// Of the runs of one length of time: for each task and arm, those at the learning rate with the lowest median at the end.

/** What a run ended with; a run that diverged is behind all others. */
export const last = ({ ended, curve }) =>
  ended === "diverged" || curve.length === 0 ? Number.POSITIVE_INFINITY : curve.at(-1).value;

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** Lists of runs: { task, arm, rate, runs }. */
export function bestRuns(results, minutes) {
  const runs = results.filter((r) => r.minutes === minutes);
  const distinct = (name, list) => [...new Set(list.map((r) => r[name]))];
  return distinct("task", runs).flatMap((task) => {
    const ofTask = runs.filter((r) => r.task === task);
    return distinct("arm", ofTask).map((arm) => {
      const ofArm = ofTask.filter((r) => r.arm === arm);
      const byRate = distinct("rate", ofArm).map((rate) => ({
        task,
        arm,
        rate,
        runs: ofArm.filter((r) => r.rate === rate),
      }));
      return byRate.toSorted((a, b) => median(a.runs.map(last)) - median(b.runs.map(last)))[0];
    });
  });
}
