// The figure: per language, what each seed reaches, the best first.

import { lineChart } from "../line-chart.mjs";
import { names } from "./languages.mjs";
import { arms } from "./summary.mjs";

export function figure(results) {
  return lineChart(
    names.map((language) => {
      const lines = arms.flatMap(({ name, net, score }) => {
        const shares = results
          .filter((r) => r.language === language && r.net === net)
          .map((r) => r[score].share)
          .sort((a, b) => b - a);
        return shares.length === 0 ? [] : [{ name, points: shares.map((s, i) => [i + 1, s]), dots: true }];
      });
      const seeds = Math.max(2, ...lines.map(({ points }) => points.length));
      return {
        title: `${language}: % of n right`,
        across: "seeds, the best first",
        ticks: Array.from({ length: seeds }, (_, i) => i + 1),
        up: 100,
        lines,
      };
    }),
  );
}
