// The figure: the share of runs that succeed, over the length, for descent and for guessing.

import { lineChart } from "../line-chart.mjs";

export function figure(results) {
  const distinct = (of, name) => [...new Set(of.map((r) => r[name]))].sort((a, b) => a - b);
  return lineChart(
    distinct(results, "informative").map((informative) => {
      const own = results.filter((r) => r.informative === informative);
      const lengths = distinct(own, "length");
      return {
        title: `${informative} informative step${informative === 1 ? "" : "s"}: share of runs that succeed`,
        across: "length, steps",
        ticks: lengths,
        up: 1,
        lines: ["descent", "guess"].map((by) => ({
          name: by === "descent" ? "gradient descent" : "guessing weights",
          points: lengths.flatMap((length) => {
            const runs = own.filter((r) => r.by === by && r.length === length);
            return runs.length === 0 ? [] : [[length, runs.filter((r) => r.solved).length / runs.length]];
          }),
          dots: true,
        })),
      };
    }),
  );
}
