// Of the runs of one length of time: for each task and arm, those at the learning rate that was best with the first seed.

/** What a run ended with; a run that diverged is behind all others. */
export const last = ({ ended, curve }) =>
  ended === "diverged" || curve.length === 0 ? Number.POSITIVE_INFINITY : curve.at(-1).value;

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** Lists of runs, by seed: { task, arm, rate, runs }. The best has the lowest end, and of equal ends the lower way to it. */
export function bestRuns(results, minutes) {
  const runs = results.filter((r) => r.minutes === minutes);
  const distinct = (name, list) => [...new Set(list.map((r) => r[name]))];
  return distinct("task", runs).flatMap((task) => {
    const ofTask = runs.filter((r) => r.task === task);
    return distinct("arm", ofTask).map((arm) => {
      const ofArm = ofTask.filter((r) => r.arm === arm).toSorted((a, b) => a.seed - b.seed);
      const ofFirst = ofArm.filter((r) => r.seed === ofArm[0].seed);
      const [{ rate }] = ofFirst.toSorted((a, b) => compare(last(a), last(b)) || compare(way(a), way(b)));
      return { task, arm, rate, runs: ofArm.filter((r) => r.rate === rate) };
    });
  });
}

/** The mean of what a run had on its way. */
const way = ({ curve }) => curve.reduce((sum, { value }) => sum + value, 0) / curve.length;

/** For two runs that diverged, 0. */
const compare = (a, b) => (a === b ? 0 : a - b);
