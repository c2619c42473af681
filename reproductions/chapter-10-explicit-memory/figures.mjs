// The figures of README.md, from the results.

import { heatChart } from "../heat-chart.mjs";
import { lineChart } from "../line-chart.mjs";
import { expected, maskedShares, members } from "./completion.mjs";
import { lags } from "./keeping.mjs";
import { counts } from "./presentations.mjs";
import { nameOf } from "./summary.mjs";

/** @returns names and contents */
export function figures(results) {
  const of = (study) => results.filter((r) => r.study === study);
  const drawn = [];
  const first = of("copying")[0];
  if (first) drawn.push(["copying.svg", copied(first)]);
  if (of("completion").length > 0) drawn.push(["completion.svg", completed(of("completion"))]);
  if (of("keeping").length > 0) drawn.push(["keeping.svg", kept(of("keeping"))]);
  if (of("presentations").length > 0) drawn.push(["presentations.svg", presented(of("presentations"))]);
  return drawn;
}

function copied({ seen }) {
  const shown = seen.filter(({ steps }) => steps === 200 || steps === seen.at(-1).steps);
  return heatChart(
    shown.map(({ readWeights, writeWeights, shares }) => [
      { title: "where it writes", across: "step", down: "row", values: writeWeights, side: [15, 12] },
      { title: "where it reads", across: "step", down: "row", values: readWeights, side: [15, 12] },
      {
        title: "shares of what it reads",
        across: "written at step",
        down: "read at step",
        values: shares[0].map((_, s) => shares.map((row) => Math.max(0, row[s]))),
        side: [15, 15],
      },
    ]),
    (r) =>
      `After ${shown[r].steps} updates: ${Math.round(100 * (1 - shown[r].wrong))} % of the lists are copied`,
  );
}

function completed(results) {
  const line = (name, values) => ({ name, points: maskedShares.map((m, k) => [m, values[k]]), dots: true });
  const panel = (title, lines) => ({
    title,
    across: "share of the vector that is masked",
    ticks: [0, 0.25, 0.5, 0.75],
    up: 1,
    lines,
  });
  return lineChart([
    panel(
      `Recovered of ${members} vectors`,
      results.map(({ width, accuracies }) => line(`width ${width}`, accuracies)),
    ),
    panel(
      "Expected",
      results.map(({ width }) =>
        line(
          `width ${width}`,
          maskedShares.map((m) => expected(width, m, members)),
        ),
      ),
    ),
  ]);
}

function kept(results) {
  // On a log axis of twenty decades: what is below is drawn at its foot.
  const place = (x) => Math.max(0, 20 + Math.log10(Math.max(x, 1e-20))) / 20;
  const panel = (title, pick) => ({
    title,
    across: "lag (powers of 2)",
    ticks: [0, 1, 2, 3, 4, 5, 6, 7],
    up: 1,
    lines: results.map(({ cell, values }) => ({
      name: cell,
      points: values.map((v, k) => [Math.log2(lags[k]), place(pick(v))]),
      dots: true,
    })),
  });
  return lineChart([
    panel("Greatest singular value (log axis: 1 above, 1e-20 below)", ([most]) => most),
    panel("Least singular value", ([, least]) => least),
  ]);
}

function presented(results) {
  const names = [...new Set(results.map(nameOf))];
  const lines = names.map((name) => {
    const own = results.filter((r) => nameOf(r) === name);
    const points = counts.flatMap((count, k) => {
      const passes = own.map((r) => r.passes[k]);
      return passes.includes(null)
        ? []
        : [[Math.log2(count), passes.reduce((a, b) => a + b, 0) / passes.length]];
    });
    return { name, points, dots: true };
  });
  const up = Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y)));
  return lineChart([
    {
      title: "Passes until all facts are known",
      across: "facts (powers of 2)",
      ticks: counts.map((n) => Math.log2(n)),
      up,
      lines,
    },
  ]);
}
