// The results as tables: a row per strength of the connections, and one for the digits. Medians over seeds.

const median = (list) => {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return (sorted[Math.floor(at)] + sorted[Math.ceil(at)]) / 2;
};
const shown = [0, 30, 60, 90, 120, 150, 180];

export function summary(results) {
  const strengths = [
    ...new Set(results.flatMap(({ task }) => (task.startsWith("strength-") ? [Number(task.slice(9))] : []))),
  ].toSorted((a, b) => a - b);
  const rows = strengths.map((strength) => {
    const runs = results.filter(({ task }) => task === `strength-${strength}`);
    const distances = [0, 1, 2].map((k) => median(runs.map((r) => r.distances[k])).toFixed(3));
    const found = shown.map((lag) => median(runs.map((r) => r.found[r.lags.indexOf(lag)])).toFixed(2));
    const rate = median(runs.map((r) => r.rate)).toFixed(0);
    return `| ${[strength, rate, ...distances, ...found].join(" | ")} |`;
  });
  const digits = results.filter(({ task }) => task === "digits");
  const percent = (x) => `${(100 * x).toFixed(1)} %`;
  const all = digits.map(({ accuracy }) => accuracy);
  return `${[
    `| strength | spikes per second | other start | 10 % moved | 40 % moved | ${shown.map((lag) => `${lag} ms`).join(" | ")} |`,
    `| ---: | ---: | ---: | ---: | ---: | ${shown.map(() => "---:").join(" | ")} |`,
    ...rows,
    ...(digits.length > 0
      ? [
          "",
          "| spoken digits: readout of | right, median | from, to | seeds |",
          "| --- | ---: | ---: | ---: |",
          `| the liquid, 200 neurons | ${percent(median(all))} | ${percent(Math.min(...all))} to ${percent(Math.max(...all))} | ${all.length} |`,
          `| the features of speech themselves | ${percent(digits[0].without)} | | |`,
        ]
      : []),
  ].join("\n")}\n`;
}
