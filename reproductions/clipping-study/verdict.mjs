// The verdict on two methods, from the updates that their runs took until success: alike, different or undecided.

import { Key } from "longspan";

/** Medians within this factor of each other count as alike. Declared before the runs. */
export const MARGIN = 1.5;
const RESAMPLES = 2000;

/**
 * Compares two methods by the ratio of their medians.
 *
 *     alike       the bootstrap 95 % interval of the ratio lies within [1 / margin, margin]
 *     different   it lies outside altogether
 *     undecided   anything else
 *
 * @param a updates until success, Infinity for a run without success
 * @param b the same, of the other method
 * @returns ratio of the medians a / b, NaN where neither median is a success; interval [low, high]; verdict
 */
export function compare(a, b, key = Key.of(0)) {
  const ratios = Array.from({ length: RESAMPLES }, (_, i) => {
    const [forA, forB] = key.fold(i).split(2);
    return median(resample(a, forA)) / median(resample(b, forB));
  });
  const known = ratios.filter((ratio) => !Number.isNaN(ratio)).sort((x, y) => x - y);
  const ratio = median(a) / median(b);
  // Where neither method succeeds in half of its runs, there is no ratio, and nothing is known about the margin.
  if (Number.isNaN(ratio) || known.length < RESAMPLES)
    return { ratio, interval: [0, Number.POSITIVE_INFINITY], verdict: "undecided" };
  const interval = [quantile(known, 0.025), quantile(known, 0.975)];
  return { ratio, interval, verdict: verdictOf(interval) };
}

/** The verdict on several comparisons together: different if one is, alike if all are. */
export function together(verdicts) {
  if (verdicts.includes("different")) return "different";
  return verdicts.length > 0 && verdicts.every((v) => v === "alike") ? "alike" : "undecided";
}

/** The middle of a list, or the mean of its two middles. */
export function median(values) {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

function verdictOf([low, high]) {
  if (low >= 1 / MARGIN && high <= MARGIN) return "alike";
  return low > MARGIN || high < 1 / MARGIN ? "different" : "undecided";
}

/** As many values, each drawn from all of them. */
function resample(values, key) {
  return values.map((_, i) => values[(key.fold(i).words[0] >>> 0) % values.length]);
}

function quantile(sorted, share) {
  return sorted[Math.round(share * (sorted.length - 1))];
}
