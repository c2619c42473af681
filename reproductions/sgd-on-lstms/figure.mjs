// The figure: a panel per task, the measure over the seconds of training, a line per seed in the colour of its arm.

import { lineChart } from "../line-chart.mjs";
import { bestRuns } from "./best-runs.mjs";
import { tasks } from "./tasks.mjs";

export function figure(results, minutes) {
  const best = bestRuns(results, minutes);
  const seconds = 60 * minutes;
  return lineChart(
    [...new Set(best.map(({ task }) => task))].map((task) => {
      const lines = best
        .filter((group) => group.task === task)
        .flatMap(({ arm, runs }) =>
          runs.map(({ curve }) => ({ name: arm, points: curve.map((p) => [p.seconds, p.value]) })),
        );
      const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
      return {
        title: `${task}: ${tasks[task].measure}`,
        across: "seconds of training",
        ticks: [0, seconds / 2, seconds],
        up: Math.max(1e-9, ...values),
        lines,
      };
    }),
  );
}
