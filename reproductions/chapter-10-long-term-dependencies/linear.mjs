// L2: what W^t does, from the actual weights: symmetric, general and strongly non-normal.
import { colours, Plot, writeFigure } from "./figure.mjs";
import {
  chain,
  defineCell,
  eigenvalues,
  fromArray,
  grad,
  Key,
  matmul,
  mul,
  normal,
  read,
  singularValues,
  spectralRadius,
  sum,
  symmetricEigen,
  unfold,
  zeros,
  zerosInit,
} from "./longspan.mjs";
import { check, claim, slope, writeTable } from "./table.mjs";

const N = 10;
const STEPS = 400;
const RADIUS = 0.9;

const cell = defineCell({
  name: "linear",
  inputs: () => ({}),
  state: () => ({ h: [N] }),
  params: () => ({ W: zerosInit(N, N) }),
  step({ h }, { W }) {
    const next = matmul(h, W);
    return { state: { h: next }, output: next };
  },
})({});

const identity = Float64Array.from({ length: N * N }, (_, at) => (at % (N + 1) === 0 ? 1 : 0));
const gaussian = await read(normal(Key.of(4), [N, N], "float64"));
const withRadius = (a) => {
  const factor = RADIUS / spectralRadius(a, N);
  return a.map((x) => x * factor);
};
const COUPLING = 0.3;
const matrices = [
  {
    name: "symmetric",
    W: withRadius(gaussian.map((x, at) => x + gaussian[(at % N) * N + Math.floor(at / N)])),
  },
  { name: "general", W: withRadius(gaussian) },
  // A line of units, each feeding the next: every eigenvalue is 0.9, and there is one eigenvector.
  {
    name: "non-normal",
    W: identity.map((x, at) => x * RADIUS + (at % (N + 1) === 1 && at < N * N - 1 ? COUPLING : 0)),
  },
];

/** The N x N matrices W, W^2, ..., by running the net from each unit vector. */
async function powers(W) {
  const { output } = unfold(
    cell,
    { W: fromArray(W, [N, N], "float64") },
    {},
    chain(new Array(N).fill(STEPS)),
    {
      initial: { h: fromArray(identity, [N, N], "float64") },
    },
  );
  const all = await read(output);
  return Array.from({ length: STEPS }, (_, t) => all.subarray(t * N * N, (t + 1) * N * N));
}

/** |dL/dh(t)| for a loss at the last step, by back-propagation through time. */
async function gradientNorms(W) {
  const readout = normal(Key.of(2), [1, N], "float64");
  const loss = (probe) => {
    const { final } = unfold(cell, { W: fromArray(W, [N, N], "float64") }, {}, chain([STEPS]), {
      initial: { h: normal(Key.of(3), [1, N], "float64") },
      probes: { writes: { h: probe } },
    });
    return sum(mul(final.h, readout));
  };
  const g = await read(grad(loss)(zeros([STEPS, N], "float64")));
  return Array.from({ length: STEPS }, (_, t) => Math.hypot(...g.subarray(t * N, (t + 1) * N)));
}

for (const matrix of matrices) {
  matrix.powers = await powers(matrix.W);
  matrix.norms = matrix.powers.map((P) => singularValues(P, N, N)[0]);
  matrix.gradients = await gradientNorms(matrix.W);
  matrix.spectrum = eigenvalues(matrix.W, N);
}
const [symmetric, general, shear] = matrices;

// h(t) = Q Lambda^t Q' h(0): the i-th coordinate along Q is lambda(i)^t times its start.
const { values, vectors } = symmetricEigen(symmetric.W, N);
const start = await read(normal(Key.of(3), [N], "float64"));
const along = (h, i) => h.reduce((total, x, j) => total + x * vectors[j * N + i], 0);
const { output } = unfold(cell, { W: fromArray(symmetric.W, [N, N], "float64") }, {}, chain([STEPS]), {
  initial: { h: fromArray(start, [1, N], "float64") },
});
const states = await read(output);
const components = [];
let worst = 0;
for (let t = 1; t <= STEPS; t++) {
  const h = states.subarray((t - 1) * N, t * N);
  for (let i = 0; i < N; i++) {
    const known = values[i] ** t * along(start, i);
    worst = Math.max(worst, Math.abs(along(h, i) - known));
    if (i % 3 === 0) components.push({ t, i, size: Math.abs(along(h, i)), known: Math.abs(known) });
  }
}
check("symmetric: largest |h(t) - Q Lambda^t Q' h(0)|", worst, 0, { within: 1e-12, relative: false });

// The trace of W^t is the sum of lambda^t, which complex pairs make oscillate.
let traceError = 0;
for (let t = 1; t <= 60; t++) {
  const P = general.powers[t - 1];
  let trace = 0;
  for (let i = 0; i < N; i++) trace += P[i * N + i];
  const { re, im } = general.spectrum;
  const known = re.reduce((s, x, i) => s + Math.hypot(x, im[i]) ** t * Math.cos(t * Math.atan2(im[i], x)), 0);
  traceError = Math.max(traceError, Math.abs(trace - known));
}
check("general: largest |trace W^t - sum of lambda^t|, t up to 60", traceError, 0, {
  within: 1e-12,
  relative: false,
});

// W^t of the line of units: binomial(t, k) 0.9^(t - k) 0.3^k, k places off the diagonal.
let entryError = 0;
for (const t of [1, 10, 90, 400]) {
  let entry = RADIUS ** t;
  for (let k = 0; k < N; k++) {
    entryError = Math.max(entryError, Math.abs(shear.powers[t - 1][k] / entry - 1));
    entry *= ((t - k) / (k + 1)) * (COUPLING / RADIUS);
    if (t <= k + 1) break;
  }
}
check("non-normal: largest relative error of W^t's entries", entryError, 0, {
  within: 1e-11,
  relative: false,
});

const lags = Array.from({ length: 250 }, (_, i) => STEPS - 250 + i);
const rows = matrices.map(({ name, norms, gradients }) => {
  const growth = slope(
    lags,
    lags.map((lag) => Math.log(norms[lag - 1])),
  );
  const gradientGrowth = -slope(
    lags,
    lags.map((lag) => Math.log(gradients[STEPS - lag - 1])),
  );
  const peak = norms.indexOf(Math.max(...norms)) + 1;
  return {
    W: name,
    "spectral radius": RADIUS,
    "|W|": norms[0],
    "largest |W^t|": norms[peak - 1],
    "at t": peak,
    "|W^400|": norms[STEPS - 1],
    "slope of log |W^t|": growth,
    "slope of log |dL/dh(T-lag)|": -gradientGrowth,
    "log of the spectral radius": Math.log(RADIUS),
  };
});
writeTable("linear", rows);
for (const row of rows.slice(0, 2)) {
  check(`${row.W}: slope of log |dh(T)/dh(T-lag)|`, row["slope of log |W^t|"], Math.log(RADIUS), {
    within: 0.02,
  });
  check(`${row.W}: slope of log |dL/dh(T-lag)|`, row["slope of log |dL/dh(T-lag)|"], Math.log(RADIUS), {
    within: 0.02,
  });
}
claim(
  `non-normal: |W^t| grows to ${rows[2]["largest |W^t|"].toFixed(0)} before it falls, with every eigenvalue below one`,
  rows[2]["largest |W^t|"] > 100,
);

const circle = Array.from({ length: 101 }, (_, i) => ({
  x: Math.cos((2 * Math.PI * i) / 100),
  y: Math.sin((2 * Math.PI * i) / 100),
}));
writeFigure("linear", [
  {
    title: "Symmetric W: coordinates along Q",
    notes: [0, 3, 6, 9].map((i, c) => [
      `lambda = ${values[i].toFixed(3)} (points: net, line: lambda^t)`,
      colours[c],
    ]),
    plot: {
      x: { label: "step t", domain: [0, 120] },
      y: { type: "log", label: "|coordinate of h(t)|", domain: [1e-12, 10], ticks: 7 },
      marks: [
        Plot.line(
          components.filter(({ t, known }) => t <= 120 && known > 1e-12),
          { x: "t", y: "known", z: "i", stroke: ({ i }) => colours[i / 3] },
        ),
        Plot.dot(
          components.filter(({ t, size }) => t <= 120 && t % 6 === 0 && size > 1e-12),
          { x: "t", y: "size", r: 3, fill: ({ i }) => colours[i / 3] },
        ),
      ],
    },
  },
  {
    title: "|W^t|, all of spectral radius 0.9",
    notes: [...matrices.map(({ name }, c) => [name, colours[c]]), ["0.9^t", "#999"]],
    plot: {
      x: { label: "step t" },
      y: { type: "log", label: "largest singular value of W^t", ticks: 7 },
      marks: [
        Plot.line(
          matrices.flatMap(({ norms }, c) => norms.map((size, t) => ({ t: t + 1, size, c }))),
          { x: "t", y: "size", z: "c", stroke: ({ c }) => colours[c], strokeWidth: 2 },
        ),
        Plot.line(
          Array.from({ length: STEPS }, (_, t) => ({ t, size: RADIUS ** t })),
          { x: "t", y: "size", stroke: "#999", strokeDasharray: "4 3" },
        ),
      ],
    },
  },
  {
    title: "Eigenvalues and the unit circle",
    notes: matrices.map(({ name }, c) => [name, colours[c]]),
    plot: {
      x: { label: "real part", domain: [-1.4, 1.4] },
      y: { label: "imaginary part", domain: [-1.05, 1.05] },
      marks: [
        Plot.line(circle, { x: "x", y: "y", stroke: "#999" }),
        Plot.dot(
          matrices.flatMap(({ spectrum: { re, im } }, c) => Array.from(re, (x, i) => ({ x, y: im[i], c }))),
          {
            x: "x",
            y: "y",
            stroke: ({ c }) => colours[c],
            strokeWidth: 2,
            r: ({ c }) => 4 + 2 * c,
            symbol: "circle",
          },
        ),
      ],
      r: { type: "identity" },
    },
  },
]);
