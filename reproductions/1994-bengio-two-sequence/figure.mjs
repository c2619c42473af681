// The figure: the share of runs that succeed, over the length, for descent from each start and for guessing.

import { lineChart } from "../line-chart.mjs";

const ways = [
  { name: "descent, small start", by: "descent", start: "small" },
  { name: "descent, orthogonal start", by: "descent", start: "orthogonal" },
  { name: "guessing weights", by: "guess" },
];

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
        lines: ways.map(({ name, by, start }) => ({
          name,
          points: lengths.flatMap((length) => {
            const runs = own.filter((r) => r.by === by && r.start === start && r.length === length);
            return runs.length === 0 ? [] : [[length, runs.filter((r) => r.solved).length / runs.length]];
          }),
          dots: true,
        })),
      };
    }),
  );
}
