// L6: the product of n independent weights of variance v has variance v^n; one shared weight has another law.
import { colours, Plot, writeFigure } from "./figure.mjs";
import { chain, defineCell, Key, mul, ones, read, scope, sub, unfold, uniform } from "./longspan.mjs";
import { check, claim, writeTable } from "./table.mjs";

const DEPTHS = [1, 2, 4, 6, 8, 10];
const DEEPEST = DEPTHS.at(-1);
const SAMPLES = 100_000;
const ROUNDS = 20;

/** h(t) = w(t) h(t-1), a weight for each step. */
const independent = defineCell({
  name: "independent weights",
  inputs: () => ({ w: [1] }),
  state: () => ({ h: [1] }),
  params: () => ({}),
  step({ w, h }) {
    const next = mul(w, h);
    return { state: { h: next }, output: next };
  },
})({});

/** h(t) = w h(t-1), one weight for all steps. */
const shared = defineCell({
  name: "shared weight",
  inputs: () => ({}),
  sequenceInputs: () => ({ w: [1] }),
  state: () => ({ h: [1] }),
  params: () => ({}),
  step({ w, h }) {
    const next = mul(w, h);
    return { state: { h: next }, output: next };
  },
})({});

/** Weights of mean 0 and variance v, uniform between -sqrt(3 v) and sqrt(3 v). */
const weights = (key, count, v) => mul(sub(uniform(key, [count, 1], "float64"), 0.5), 2 * Math.sqrt(3 * v));

/** The mean square of h at each step, over all rounds, with its standard error. */
async function variances(run) {
  const means = Array.from({ length: DEEPEST }, () => []);
  for (let round = 0; round < ROUNDS; round++) {
    const h = await read(scope(() => run(Key.of(round))));
    const count = h.length / DEEPEST;
    for (let t = 0; t < DEEPEST; t++) {
      let squares = 0;
      for (let i = t * count; i < (t + 1) * count; i++) squares += h[i] * h[i];
      means[t].push(squares / count);
    }
  }
  return means.map((list) => {
    const mean = list.reduce((a, b) => a + b, 0) / ROUNDS;
    const spread = Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / (ROUNDS - 1));
    return { mean, error: spread / Math.sqrt(ROUNDS) };
  });
}
const structure = chain(new Array(SAMPLES).fill(DEEPEST));
const initial = { h: ones([SAMPLES, 1], "float64") };
const independentRun = (v) => (key) =>
  unfold(independent, {}, { w: weights(key, SAMPLES * DEEPEST, v) }, structure, { initial }).output;
const sharedRun = (v) => (key) =>
  unfold(shared, {}, { w: weights(key, SAMPLES, v) }, structure, { initial }).output;

const rows = [];
const V = 0.5;
const apart = await variances(independentRun(V));
const together = await variances(sharedRun(V));
for (const n of DEPTHS)
  rows.push({
    n,
    v: V,
    "variance, n weights": apart[n - 1].mean,
    "standard error": apart[n - 1].error,
    "v^n": V ** n,
    "variance, one weight": together[n - 1].mean,
    "(3v)^n / (2n+1)": (3 * V) ** n / (2 * n + 1),
  });
writeTable("product", rows);

// The variance that each of n weights must have for a product of variance v*.
const TARGET = 0.8;
const chosen = [];
for (const n of DEPTHS) {
  const v = TARGET ** (1 / n);
  const got = (await variances(independentRun(v)))[n - 1];
  chosen.push({
    n,
    "v = (v*)^(1/n)": v,
    "variance of the product": got.mean,
    "standard error": got.error,
    "v*": TARGET,
  });
}
writeTable("product-chosen", chosen);

for (const row of rows) {
  const off = Math.abs(row["variance, n weights"] - row["v^n"]) / row["standard error"];
  claim(`n = ${row.n}: variance of n weights within 4 standard errors of v^n (${off.toFixed(1)})`, off <= 4);
}
for (const row of chosen) {
  const off = Math.abs(row["variance of the product"] - TARGET) / row["standard error"];
  claim(`n = ${row.n}: with v = (v*)^(1/n) within 4 standard errors of v* (${off.toFixed(1)})`, off <= 4);
}
check(
  "one weight: largest relative error of (3v)^n / (2n+1)",
  Math.max(...rows.map((r) => Math.abs(r["variance, one weight"] / r["(3v)^n / (2n+1)"] - 1))),
  0,
  { within: 0.02, relative: false },
);

writeFigure("product", [
  {
    title: `Variance of the product, weights of variance ${V}`,
    notes: [
      ["n independent weights (line: v^n)", colours[0]],
      ["one shared weight (line: (3v)^n / (2n+1))", colours[1]],
    ],
    plot: {
      x: { label: "number of factors n" },
      y: { type: "log", label: "variance", ticks: 6 },
      marks: [
        Plot.line(rows, { x: "n", y: "v^n", stroke: colours[0] }),
        Plot.dot(rows, { x: "n", y: "variance, n weights", fill: colours[0], r: 4 }),
        Plot.line(rows, { x: "n", y: "(3v)^n / (2n+1)", stroke: colours[1] }),
        Plot.dot(rows, { x: "n", y: "variance, one weight", fill: colours[1], r: 4 }),
      ],
    },
  },
  {
    title: `Each weight of variance (v*)^(1/n), v* = ${TARGET}`,
    notes: [
      ["variance of the product, two standard errors", colours[0]],
      ["v of each weight", colours[2]],
    ],
    plot: {
      x: { label: "number of factors n" },
      y: { label: "variance", domain: [0.6, 1.05] },
      marks: [
        Plot.ruleY([TARGET], { stroke: "#999" }),
        Plot.line(chosen, { x: "n", y: "v = (v*)^(1/n)", stroke: colours[2] }),
        Plot.dot(chosen, { x: "n", y: "v = (v*)^(1/n)", fill: colours[2], r: 3 }),
        Plot.ruleX(chosen, {
          x: "n",
          y1: (r) => r["variance of the product"] - 2 * r["standard error"],
          y2: (r) => r["variance of the product"] + 2 * r["standard error"],
          stroke: colours[0],
        }),
        Plot.dot(chosen, { x: "n", y: "variance of the product", fill: colours[0], r: 4 }),
      ],
    },
  },
]);
