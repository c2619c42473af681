// L4: how robustly a unit holds a bit, against the derivative of one step: robust memory means vanishing gradients.
import { colours, Plot, writeFigure } from "./figure.mjs";
import { add, chain, defineCell, fromArray, grad, mul, read, sub, sum, tanh, unfold } from "./longspan.mjs";
import { check, claim, writeTable } from "./table.mjs";

const WEIGHTS = Array.from({ length: 16 }, (_, i) => 1.1 + 0.2 * i);
const COUNT = WEIGHTS.length;
const SPAN = 20;
const BIAS = -0.01;

/** x(t) = tanh(w x(t-1)) + u - m: u a fixed bias, m a disturbance that pushes against the latched bit at every step. */
const latch = defineCell({
  name: "disturbed latch",
  inputs: () => ({}),
  sequenceInputs: () => ({ w: [1], m: [1] }),
  state: () => ({ x: [1] }),
  params: () => ({}),
  step({ x, w, m }) {
    const next = sub(add(tanh(mul(w, x)), BIAS), m);
    return { state: { x: next }, output: next };
  },
})({});

const column = (values) => fromArray(values, [values.length, 1], "float64");
const w = column(WEIGHTS);
const none = new Array(COUNT).fill(0);
const last = (x, m, steps) =>
  unfold(latch, {}, { w, m }, chain(new Array(COUNT).fill(steps)), { initial: { x } }).final.x;
const run = async (x, m, steps) => Array.from(await read(last(column(x), column(m), steps)));

/** For each weight, the border in [low, high] between where `holds` is true (below) and false, by halving. */
async function border(low, high, holds) {
  let [from, to] = [new Array(COUNT).fill(low), new Array(COUNT).fill(high)];
  for (let i = 0; i < 45; i++) {
    const middle = from.map((f, p) => (f + to[p]) / 2);
    const good = await holds(middle);
    from = from.map((f, p) => (good[p] ? middle[p] : f));
    to = to.map((t, p) => (good[p] ? t : middle[p]));
  }
  return from;
}

const attractor = await run(new Array(COUNT).fill(1), none, 2000);
// How far below the attractor the state may be put and still come back.
const basin = await border(0, 2, async (d) =>
  (
    await run(
      attractor.map((x, p) => x - d[p]),
      none,
      400,
    )
  ).map((x) => x > 0.1),
);
// The largest disturbance, the same at every step, under which it stays latched for good.
const tolerated = await border(0, 2, async (m) => (await run(attractor, m, 4000)).map((x) => x > 0.1));

/** |dx(steps)/dx(0)| from the attractor on, by back-propagation. */
const derivative = async (steps) =>
  Array.from(await read(grad((x) => sum(last(x, column(none), steps)))(column(attractor))), Math.abs);
const [one, far] = [await derivative(1), await derivative(SPAN)];

const rows = WEIGHTS.map((weight, p) => {
  const top = Math.sqrt(1 - 1 / weight);
  // The fixed point vanishes where the curve touches the diagonal: w (1 - tanh(w x)^2) = 1.
  const known = top + BIAS - Math.atanh(top) / weight;
  return {
    w: Number(weight.toFixed(1)),
    attractor: attractor[p],
    "|dx(t)/dx(t-1)|": one[p],
    [`|dx(${SPAN})/dx(0)|`]: far[p],
    "basin below it": basin[p],
    "tolerated disturbance": tolerated[p],
    "known disturbance": known,
  };
});
writeTable("basin", rows);

const worst = (f) => Math.max(...rows.map(f));
check(
  "largest error of |dx(t)/dx(t-1)| against w (1 - tanh(w x)^2) at the attractor",
  worst((r) => Math.abs(r["|dx(t)/dx(t-1)|"] - r.w * (1 - Math.tanh(r.w * r.attractor) ** 2))),
  0,
  { within: 1e-12, relative: false },
);
check(
  `largest error of |dx(${SPAN})/dx(0)| against its power, relative`,
  worst((r) => Math.abs(r[`|dx(${SPAN})/dx(0)|`] / r["|dx(t)/dx(t-1)|"] ** SPAN - 1)),
  0,
  { within: 1e-8, relative: false },
);
check(
  "largest error of the tolerated disturbance",
  worst((r) => Math.abs(r["tolerated disturbance"] - r["known disturbance"])),
  0,
  { within: 1e-5, relative: false },
);
check(
  "largest distance of the basin's edge from an unstable fixed point",
  worst((r) => {
    const edge = r.attractor - r["basin below it"];
    return Math.abs(Math.tanh(r.w * edge) + BIAS - edge);
  }),
  0,
  { within: 1e-10, relative: false },
);
const rises = (key) => rows.every((r, i) => i === 0 || r[key] > rows[i - 1][key]);
claim(
  "as w grows, basin and tolerated disturbance grow and the derivative falls, without exception",
  rises("basin below it") &&
    rises("tolerated disturbance") &&
    rows.every((r, i) => i === 0 || r["|dx(t)/dx(t-1)|"] < rows[i - 1]["|dx(t)/dx(t-1)|"]),
);

writeFigure("basin", [
  {
    title: "The price of a robust bit: the derivative of one step",
    notes: [
      ["basin below the attractor", colours[0]],
      ["disturbance tolerated at every step (line: known)", colours[1]],
    ],
    plot: {
      x: { label: "|dx(t)/dx(t-1)| at the attractor", domain: [0, 1] },
      y: { label: "size", domain: [0, 1] },
      marks: [
        Plot.dot(rows, { x: "|dx(t)/dx(t-1)|", y: "basin below it", fill: colours[0], r: 4 }),
        Plot.line(rows, { x: "|dx(t)/dx(t-1)|", y: "known disturbance", stroke: colours[1] }),
        Plot.dot(rows, { x: "|dx(t)/dx(t-1)|", y: "tolerated disturbance", fill: colours[1], r: 4 }),
      ],
    },
  },
  {
    title: `What is left of a gradient after ${SPAN} steps`,
    notes: [[`w from ${WEIGHTS[0]} (top left) to ${WEIGHTS.at(-1).toFixed(1)}`, colours[3]]],
    plot: {
      x: { label: "disturbance tolerated at every step", domain: [0, 0.6] },
      y: { type: "log", label: `|dx(${SPAN})/dx(0)|`, ticks: 8 },
      marks: [
        Plot.line(rows, { x: "tolerated disturbance", y: `|dx(${SPAN})/dx(0)|`, stroke: colours[3] }),
        Plot.dot(rows, { x: "tolerated disturbance", y: `|dx(${SPAN})/dx(0)|`, fill: colours[3], r: 4 }),
      ],
    },
  },
]);
