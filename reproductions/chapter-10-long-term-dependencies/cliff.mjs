// L3, figures 8.3 and 10.17: the loss of a one-unit net over its weight and bias has a cliff; what clipping does there.
import { colours, Plot, writeFigure } from "./figure.mjs";
import {
  add,
  applyUpdates,
  chain,
  clipByJointNorm,
  compose,
  defineCell,
  fromArray,
  full,
  mul,
  read,
  scope,
  sgd,
  sigmoid,
  square,
  sub,
  sum,
  tensor,
  unfold,
  valueGradAndAux,
} from "./longspan.mjs";
import { check, claim, slope, writeTable } from "./table.mjs";

const START = 0.5;
const TARGET = 0.7;
const STEPS = 30;

/** h(t) = sigmoid(w h(t-1) + b), each sequence with its own w and b. */
const unit = defineCell({
  name: "one unit",
  inputs: () => ({}),
  sequenceInputs: () => ({ w: [1], b: [1] }),
  state: () => ({ h: [1] }),
  params: () => ({}),
  step({ h, w, b }) {
    const next = sigmoid(add(mul(w, h), b));
    return { state: { h: next }, output: next };
  },
})({});

/** (h(T) - 0.7)^2 at each point, and their sum, whose gradient is that of each. */
const losses = valueGradAndAux((at, steps) => {
  const points = at.w.shape[0];
  const { final } = unfold(unit, {}, at, chain(new Array(points).fill(steps)), {
    initial: { h: full([points, 1], START, "float64") },
  });
  const each = square(sub(final.h, TARGET));
  return { loss: sum(each), aux: each };
});

async function surface(ws, bs, steps) {
  const at = { w: fromArray(ws, [ws.length, 1], "float64"), b: fromArray(bs, [bs.length, 1], "float64") };
  const { aux, grads } = losses(at, steps);
  return { loss: await read(aux), dw: await read(grads.w), db: await read(grads.b) };
}

// The surface.
const SIDE = 161;
const [W0, W1, B0, B1] = [2, 10, -6, -0.5];
const grid = Array.from({ length: SIDE * SIDE }, (_, at) => [
  W0 + ((W1 - W0) * (at % SIDE)) / (SIDE - 1),
  B0 + ((B1 - B0) * Math.floor(at / SIDE)) / (SIDE - 1),
]);
const { loss } = await surface(
  grid.map(([w]) => w),
  grid.map(([, b]) => b),
  STEPS,
);

// Across the cliff at w = 6. With b = -w/2 the start, 1/2, is the fixed point that divides what goes up from what goes
// down, and one step multiplies a distance from it by w/4.
const W = 6;
const known = Math.log(W / 4);
const taus = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50];
const steepest = [];
for (const tau of taus) {
  const width = 8 * (W / 4) ** -tau;
  const bs = Array.from({ length: 2001 }, (_, i) => -W / 2 + width * (i / 1000 - 1));
  const { dw, db } = await surface(new Array(bs.length).fill(W), bs, tau);
  const norms = Array.from(db, (d, i) => Math.hypot(d, dw[i]));
  const at = norms.indexOf(Math.max(...norms));
  const middle = db[1000];
  // dL/db where h stays at 1/2: 2 (1/2 - target) times the sum of (w/4)^k / 4 over k < tau.
  const exact = (((2 * (START - TARGET)) / 4) * ((W / 4) ** tau - 1)) / (W / 4 - 1);
  steepest.push({
    tau,
    "steepest |gradient|": norms[at],
    "distance from b = -3": bs[at] + W / 2,
    "dL/db at b = -3": middle,
    "known dL/db there": exact,
  });
}
writeTable("cliff-steepness", steepest);
const growth = slope(
  taus,
  steepest.map((row) => Math.log(row["steepest |gradient|"])),
);
check("slope of log steepest gradient against tau", growth, known, { within: 0.02 });
check(
  "largest relative error of dL/db at b = -3",
  Math.max(...steepest.map((row) => Math.abs(row["dL/db at b = -3"] / row["known dL/db there"] - 1))),
  0,
  { within: 1e-4, relative: false },
);

// Gradient descent towards the cliff, with and without clipping.
const RATE = 0.5;
const LIMIT = 0.1;
async function descend(optimiser, updates) {
  let params = { w: tensor([[W]], "float64"), b: tensor([[-2.4]], "float64") };
  let state = optimiser.init(params);
  const path = [];
  for (let step = 0; step <= updates; step++) {
    const { value, grads } = losses(params, STEPS);
    const [w, b, dw, db] = (
      await Promise.all([params.w, params.b, grads.w, grads.b].map((t) => read(t)))
    ).map(([x]) => x);
    path.push({ step, w, b, loss: (await read(value))[0], norm: Math.hypot(dw, db) });
    const next = scope(() => {
      const { updates: moves, state: after } = optimiser.update(grads, state, params);
      return { params: applyUpdates(params, moves), state: after };
    });
    params = next.params;
    state = next.state;
  }
  return path;
}
const UPDATES = 300;
const runs = [
  { name: "gradient descent", path: await descend(sgd({ learningRate: RATE }), UPDATES) },
  {
    name: `norm clipped at ${LIMIT}`,
    path: await descend(compose(clipByJointNorm(LIMIT), sgd({ learningRate: RATE })), UPDATES),
  },
];
writeTable(
  "cliff-descent",
  runs.map(({ name, path }) => {
    const worst = path.reduce((a, b) => (b.norm > a.norm ? b : a));
    const last = path.at(-1);
    return {
      run: name,
      "largest |gradient|": worst.norm,
      "at update": worst.step,
      "least loss": Math.min(...path.map((p) => p.loss)),
      "mean loss, last 100": path.slice(-100).reduce((total, p) => total + p.loss, 0) / 100,
      "last w": last.w,
      "last b": last.b,
      "last |gradient|": last.norm,
    };
  }),
);
const [plain, clipped] = runs.map(({ path }) => path);
const farthest = (path) =>
  Math.max(...path.slice(1).map((p, i) => Math.hypot(p.w - path[i].w, p.b - path[i].b)));
claim(
  `without clipping one update moves (w, b) by ${farthest(plain).toPrecision(3)}, onto a plateau of gradient ${plain.at(-1).norm.toExponential(0)} and loss ${plain.at(-1).loss.toFixed(2)}`,
  farthest(plain) > 100 * RATE * LIMIT && plain.at(-1).norm < 1e-3 && plain.at(-1).loss > 0.4,
);
claim(
  `with clipping the least loss is ${Math.min(...clipped.map((p) => p.loss)).toExponential(0)}`,
  Math.min(...clipped.map((p) => p.loss)) < 1e-3,
);
check("with clipping the longest move is rate x limit", farthest(clipped), RATE * LIMIT, { within: 1e-9 });

writeFigure("cliff", [
  {
    title: "Loss over w and b, 30 steps",
    notes: [
      ["loss from 0 (dark) to 0.49 (light)", "#2f5fa8"],
      ["gradient descent: leaves the picture in one update", colours[3]],
      [`norm clipped at ${LIMIT}`, "black"],
    ],
    plot: {
      x: { label: "w", domain: [W0, W1] },
      y: { label: "b", domain: [B0, B1] },
      color: { scheme: "YlGnBu", reverse: true, domain: [0, 0.5] },
      marks: [
        Plot.contour({
          data: null,
          x1: W0,
          y1: B0,
          x2: W1,
          y2: B1,
          width: SIDE,
          height: SIDE,
          fill: (x, y) => {
            const i = Math.round(((x - W0) / (W1 - W0)) * (SIDE - 1));
            const j = Math.round(((y - B0) / (B1 - B0)) * (SIDE - 1));
            return loss[j * SIDE + i];
          },
          thresholds: Array.from({ length: 13 }, (_, i) => 0.04 * i),
          pixelSize: 3,
        }),
        Plot.line(plain, { x: "w", y: "b", stroke: colours[3], strokeWidth: 3, clip: true }),
        Plot.line(clipped, { x: "w", y: "b", stroke: "black", strokeWidth: 1.5 }),
        Plot.dot([clipped[0]], { x: "w", y: "b", fill: "white", stroke: "black", r: 4 }),
      ],
    },
  },
  {
    title: "Loss along the two descents",
    notes: runs.map(({ name }, i) => [name, i === 0 ? colours[3] : "black"]),
    plot: {
      x: { label: "update" },
      y: { label: "loss", domain: [0, 0.5] },
      marks: runs.map(({ path }, i) =>
        Plot.line(path, { x: "step", y: "loss", stroke: i === 0 ? colours[3] : "black", strokeWidth: 1.3 }),
      ),
    },
  },
  {
    title: "Steepest gradient against tau, w = 6",
    notes: [
      ["measured", colours[0]],
      ["slope log(w/4)", "#999"],
    ],
    plot: {
      x: { label: "steps tau" },
      y: { type: "log", label: "steepest |gradient|", ticks: 6 },
      marks: [
        Plot.line(
          taus.map((tau) => ({
            tau,
            size: steepest[0]["steepest |gradient|"] * Math.exp(known * (tau - 5)),
          })),
          { x: "tau", y: "size", stroke: "#999" },
        ),
        Plot.dot(steepest, { x: "tau", y: "steepest |gradient|", fill: colours[0], r: 4 }),
      ],
    },
  },
]);
