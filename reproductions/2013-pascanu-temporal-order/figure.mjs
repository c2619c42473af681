// The figure: the share of seeds that succeed, over the length, a line per arm.

import { lineChart } from "../line-chart.mjs";
import { arms } from "./arms.mjs";
import { lastRuns } from "./summary.mjs";

export function figure(results) {
  const distinct = (name) => [...new Set(results.map((r) => r[name]))];
  const lengths = distinct("length").sort((a, b) => a - b);
  return lineChart([
    {
      title: "Temporal order: share of seeds that succeed",
      across: "length L, steps",
      ticks: lengths,
      up: 1,
      lines: Object.keys(arms).flatMap((arm) => {
        const points = lengths.flatMap((length) => {
          const runs = lastRuns(results.filter((r) => r.length === length && r.arm === arm));
          return runs.length === 0 ? [] : [[length, runs.filter((r) => r.solved).length / runs.length]];
        });
        return points.length === 0 ? [] : [{ name: arm, points, dots: true }];
      }),
    },
  ]);
}
