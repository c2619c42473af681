// The figure: per task, the share of symbols of longer sequences that are right, each run of each net, the best first.

import { lineChart } from "../line-chart.mjs";
import { nets, tasks } from "./net.mjs";

export function figure(results) {
  return lineChart(
    Object.keys(tasks).map((task) => {
      const lines = nets.flatMap((name) => {
        const shares = results
          .filter((r) => r.task === task && r.net === name)
          .map(({ longer }) => longer.symbols)
          .sort((a, b) => b - a);
        return shares.length === 0 ? [] : [{ name, points: shares.map((s, i) => [i + 1, s]), dots: true }];
      });
      const runs = Math.max(2, ...lines.map(({ points }) => points.length));
      return {
        title: `${task}: symbols right in lists of 65 to 128`,
        across: "runs at either rate, the best first",
        ticks: Array.from({ length: runs }, (_, i) => i + 1),
        up: 1,
        lines,
      };
    }),
  );
}
