// L3, figure 10.15: a random projection of the state after each step, against the initial state moved along a line.
import { colours, Plot, writeFigure } from "./figure.mjs";
import {
  chain,
  defineCell,
  fromArray,
  jvp,
  Key,
  matmul,
  normal,
  normalInit,
  read,
  tanh,
  unfold,
} from "./longspan.mjs";
import { check, claim, writeTable } from "./table.mjs";

const UNITS = 100;
const STEPS = 5;
const POINTS = 2401;
const REACH = 60;
const GAIN = 3;

const cell = defineCell({
  name: "composed",
  inputs: () => ({}),
  state: () => ({ h: [UNITS] }),
  params: () => ({ W: normalInit(GAIN / Math.sqrt(UNITS), UNITS, UNITS) }),
  step({ h }, { W }) {
    const next = tanh(matmul(h, W));
    return { state: { h: next }, output: next };
  },
})({});

const params = cell.init(Key.of(1), "float64");
const unit = async (seed) => {
  const v = await read(normal(Key.of(seed), [UNITS], "float64"));
  const length = Math.hypot(...v);
  return v.map((x) => x / length);
};
const direction = await unit(2);
const projection = await unit(3);
const xs = Float64Array.from({ length: POINTS }, (_, i) => REACH * ((2 * i) / (POINTS - 1) - 1));

// One sequence for each point of the line: h(0) = o + x d with a random o, and dh(0)/dx = d.
const offset = await read(normal(Key.of(4), [UNITS], "float64"));
const rows = (f) =>
  Float64Array.from({ length: POINTS * UNITS }, (_, at) => f(Math.floor(at / UNITS), at % UNITS));
const start = fromArray(
  rows((p, i) => offset[i] + xs[p] * direction[i]),
  [POINTS, UNITS],
  "float64",
);
const tangent = fromArray(
  rows((_, i) => direction[i]),
  [POINTS, UNITS],
  "float64",
);
const run = (h) => unfold(cell, params, {}, chain(new Array(POINTS).fill(STEPS)), { initial: { h } }).output;
const { value, tangent: moved } = jvp(run)(start, tangent);
const [states, slopes] = [await read(value), await read(moved)];

const projected = (all, step, p) => {
  let total = 0;
  for (let i = 0; i < UNITS; i++) total += all[((step - 1) * POINTS + p) * UNITS + i] * projection[i];
  return total;
};
const flat = direction.reduce((total, d, i) => total + d * projection[i], 0);
const height = offset.reduce((total, o, i) => total + o * projection[i], 0);
const curves = Array.from({ length: STEPS + 1 }, (_, step) => ({
  step,
  y: Array.from(xs, (x, p) => (step === 0 ? height + x * flat : projected(states, step, p))),
  slope: Array.from(xs, (_, p) => (step === 0 ? flat : projected(slopes, step, p))),
}));

const table = curves.map(({ step, y, slope }) => ({
  steps: step,
  "turning points": slope.filter((s, p) => p > 0 && s * slope[p - 1] < 0).length,
  "largest |dy/dx|": Math.max(...slope.map(Math.abs)),
  "median |dy/dx|": slope.map(Math.abs).sort((a, b) => a - b)[POINTS >> 1],
  "range of y": Math.max(...y) - Math.min(...y),
}));
writeTable("projection", table);

// The derivative that the library gives is the slope of the curve that it draws.
let worst = 0;
const spacing = xs[1] - xs[0];
for (const { y, slope, step } of curves.filter(({ step }) => step > 0 && step < 3))
  for (let p = 1; p < POINTS - 1; p++) {
    const change = (y[p + 1] - y[p - 1]) / (2 * spacing);
    worst = Math.max(worst, Math.abs(change - slope[p]) / table[step]["largest |dy/dx|"]);
  }
check("slopes against differences of the curve, steps 1 and 2, of the largest slope", worst, 0, {
  within: 0.02,
  relative: false,
});
const turns = table.map((row) => row["turning points"]);
claim(
  `the curve of 0 steps is straight, that of 5 turns most: ${turns.join(", ")}`,
  turns[0] === 0 && turns.every((n, i) => i === 5 || n < turns[5]),
);
const steepest = table.map((row) => row["largest |dy/dx|"]);
claim(
  `the steepest place gets steeper by a factor of ${(steepest[5] / steepest[1]).toFixed(0)} from 1 step to 5, the median slope by ${(table[5]["median |dy/dx|"] / table[1]["median |dy/dx|"]).toFixed(1)}`,
  steepest[5] > 3 * steepest[1],
);

writeFigure("projection", [
  {
    title: "Figure 10.15: one curve for each number of steps",
    notes: curves.map(({ step }) => [`${step} step${step === 1 ? "" : "s"}`, colours[step]]),
    plot: {
      x: { label: "initial state along a random direction" },
      y: { label: "projection of h(t)", domain: [-4, 4] },
      marks: [
        Plot.line(
          curves.flatMap(({ step, y }) =>
            y.map((value, p) => ({ x: xs[p], y: value, step })).filter((_, p) => p % 4 === 0),
          ),
          { x: "x", y: "y", z: "step", stroke: ({ step }) => colours[step], strokeWidth: 1.3, clip: true },
        ),
      ],
    },
  },
  {
    title: "Its slope",
    notes: curves
      .filter(({ step }) => [1, 3, 5].includes(step))
      .map(({ step }) => [`${step} step${step === 1 ? "" : "s"}`, colours[step]]),
    plot: {
      x: { label: "initial state along a random direction" },
      y: { type: "log", label: "|dy/dx|", domain: [1e-4, 2], ticks: 5 },
      marks: [
        Plot.line(
          curves
            .filter(({ step }) => [1, 3, 5].includes(step))
            .flatMap(({ step, slope }) =>
              slope
                .map((s, p) => ({ x: xs[p], y: Math.abs(s), step }))
                .filter(({ y }, p) => p % 6 === 0 && y > 1e-4),
            ),
          { x: "x", y: "y", z: "step", stroke: ({ step }) => colours[step], clip: true },
        ),
      ],
    },
  },
]);
