// Rows of numbers as text, and the ratios of peers to us.

import { geometricMean, median, quantile } from "./timing.mjs";

/** One line per side and task, those of one task under each other. */
export function tableLines(rows) {
  const lines = [];
  let title = "";
  for (const row of rows) {
    const { T, B, I, H } = row.shape;
    const own = `${row.job}   T=${T} B=${B} I=${I} H=${H}`;
    if (own !== title) {
      if (title) lines.push("");
      lines.push(`${own.padEnd(44)}      ms   spread    GF/s  % of peak   x ours   differs by`);
      title = own;
    }
    const [low, mid, high] = [0.25, 0.5, 0.75].map((q) => quantile(row.times, q));
    const side = `  ${row.side}, ${row.threads} thread${row.threads === 1 ? "" : "s"}`;
    const spread = `${((100 * (high - low)) / mid).toFixed(0)} %`;
    lines.push(
      [
        side.padEnd(40),
        (mid < 10 ? mid.toPrecision(3) : mid.toFixed(1)).padStart(12),
        spread.padStart(9),
        row.gflops.toFixed(1).padStart(8),
        (row.peak ? (100 * row.gflops) / row.peak : Number.NaN).toFixed(0).padStart(11),
        (row.ratio === undefined ? "" : row.ratio.toFixed(2)).padStart(9),
        (row.difference === undefined ? "" : row.difference.toExponential(0)).padStart(13),
      ].join(""),
    );
  }
  return lines;
}

/** The ratio of two sides that ran in the same rounds: the median of the rounds' ratios. */
export function ratioOf(peer, ours) {
  return median(peer.map((t, i) => t / ours[i]));
}

/** For every peer, job and number of threads: the geometric mean over the shapes of peer's time / ours, and the least. */
export function geometricMeans(rows) {
  const groups = new Map();
  for (const row of rows) {
    if (row.ratio === undefined) continue;
    const key = JSON.stringify([row.side, row.job, row.threads, row.against]);
    groups.set(key, [...(groups.get(key) ?? []), row.ratio]);
  }
  return [...groups].map(([key, ratios]) => {
    const [peer, job, threads, executor] = JSON.parse(key);
    const round = (x) => Number(x.toPrecision(4));
    return {
      peer,
      job,
      threads,
      ratio: round(geometricMean(ratios)),
      min: round(Math.min(...ratios)),
      executor,
      shapes: ratios.length,
    };
  });
}

/** The geometric means as lines. */
export function meanLines(geomean) {
  if (geomean.length === 0) return [];
  const title = "peer's time / ours, over the shapes".padEnd(52);
  return [
    `${title}geometric mean   least`,
    ...geomean.map(({ peer, executor, job, threads, ratio, min }) => {
      const name = `  ${peer} / ${executor}, ${job}, threads: ${threads}`;
      return `${name.padEnd(52)}${ratio.toFixed(2).padStart(14)}${min.toFixed(2).padStart(8)}`;
    }),
  ];
}
