// L7: back-propagation from g and from g + delta e, beside the forward pass from h(0) and from h(0) + delta e.
import { colours, Plot, writeFigure } from "./figure.mjs";
import {
  chain,
  defineCell,
  fromArray,
  Key,
  matmul,
  normal,
  read,
  symmetricEigen,
  tanh,
  unfold,
  vjp,
  zerosInit,
} from "./longspan.mjs";
import { check, claim, slope, writeTable } from "./table.mjs";

const N = 50;
const STEPS = 100;
const DELTA = 1e-6;

const step = (name, activation) =>
  defineCell({
    name,
    inputs: () => ({}),
    state: () => ({ h: [N] }),
    params: () => ({ W: zerosInit(N, N) }),
    step({ h }, { W }) {
      const next = activation(matmul(h, W));
      return { state: { h: next }, output: next };
    },
  })({});
const linear = step("linear", (a) => a);
const squashed = step("tanh", tanh);

const g = await read(normal(Key.of(1), [N], "float64"));
const gaussian = await read(normal(Key.of(2), [N, N], "float64"));
const row = (values) => fromArray(values, [1, N], "float64");
const square = (values) => fromArray(values, [N, N], "float64");
const plus = (a, b, factor) => a.map((x, i) => x + factor * b[i]);
const distance = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));

/** The states after each of so many steps, and the gradients of g . h(n) to h(0) for each n. */
async function both(cell, W, start, cotangent) {
  const forward = [];
  const backward = [];
  for (let n = 1; n <= STEPS; n++) {
    const { value, pullback, dispose } = vjp(
      (h) => unfold(cell, { W: square(W) }, {}, chain([n]), { initial: { h } }).final.h,
      row(start),
    );
    forward.push(await read(value));
    backward.push(await read(pullback(row(cotangent))));
    dispose();
  }
  return { forward, backward };
}

// Constant Jacobian: a linear net with symmetric W, e an eigenvector.
const symmetric = gaussian.map((x, at) => x + gaussian[(at % N) * N + Math.floor(at / N)]);
const { values, vectors } = symmetricEigen(symmetric, N);
const e = Float64Array.from({ length: N }, (_, i) => vectors[i * N]);
const linearRuns = [];
for (const lambda of [1.1, 1, 0.9]) {
  const W = symmetric.map((x) => (x * lambda) / Math.abs(values[0]));
  const near = await both(linear, W, g, g);
  const far = await both(linear, W, g, plus(g, e, DELTA));
  linearRuns.push({
    lambda,
    separation: near.backward.map((b, i) => distance(b, far.backward[i])),
  });
}
for (const { lambda, separation } of linearRuns)
  check(
    `linear, |lambda| = ${lambda}: largest relative error of delta |lambda|^n`,
    Math.max(...separation.map((s, i) => Math.abs(s / (DELTA * lambda ** (i + 1)) - 1))),
    0,
    { within: 1e-6, relative: false },
  );

// Under a tanh, distances between states are bounded; nothing bounds those between gradients.
const W = gaussian.map((x) => (3 * x) / Math.sqrt(N));
const direction = e;
const near = await both(squashed, W, g, g);
const forwardFar = await both(squashed, W, plus(g, direction, DELTA), g);
const backwardFar = await both(squashed, W, g, plus(g, direction, DELTA));
const forward = near.forward.map((h, i) => distance(h, forwardFar.forward[i]));
const backward = near.backward.map((b, i) => distance(b, backwardFar.backward[i]));
const bound = 2 * Math.sqrt(N);

const shownAt = [1, 10, 20, 40, 60, 80, 100];
writeTable(
  "separation",
  shownAt.map((n) => ({
    n,
    ...Object.fromEntries(
      linearRuns.map(({ lambda, separation }) => [`linear |lambda| = ${lambda}`, separation[n - 1]]),
    ),
    "tanh forward": forward[n - 1],
    "tanh backward": backward[n - 1],
  })),
);
claim(
  `tanh, forward: the separation of states stays under 2 sqrt(${N}) = ${bound.toFixed(1)} (largest ${Math.max(...forward).toFixed(2)})`,
  Math.max(...forward) <= bound,
);
const ns = Array.from({ length: STEPS - 20 }, (_, i) => i + 21);
const rate = slope(
  ns,
  ns.map((n) => Math.log(backward[n - 1])),
);
claim(
  `tanh, backward: it grows by exp(${rate.toFixed(3)}) a step to ${backward.at(-1).toExponential(1)}, without bound`,
  rate > 0.1 && backward.at(-1) > 100 * bound,
);
// Backward is linear: a hundred times the perturbation is a hundred times the separation, whatever its size.
const large = await both(squashed, W, g, plus(g, direction, 1e6 * DELTA));
check(
  "tanh, backward: separation for a delta 10^6 times as large",
  distance(large.backward.at(-1), near.backward.at(-1)) / backward.at(-1),
  1e6,
  { within: 1e-6 },
);

writeFigure("separation", [
  {
    title: "Backward through a linear net",
    notes: linearRuns.map(({ lambda }, i) => [`|lambda| = ${lambda} (line: delta |lambda|^n)`, colours[i]]),
    plot: {
      x: { label: "steps n" },
      y: { type: "log", label: "separation of the two gradients", ticks: 5 },
      marks: linearRuns.flatMap(({ lambda, separation }, c) => [
        Plot.line(separation, {
          x: (_, i) => i + 1,
          y: (_, i) => DELTA * lambda ** (i + 1),
          stroke: colours[c],
        }),
        Plot.dot(
          separation.map((size, i) => ({ n: i + 1, size })).filter(({ n }) => n % 5 === 0),
          { x: "n", y: "size", fill: colours[c], r: 3.5 },
        ),
      ]),
    },
  },
  {
    title: "A tanh net with large weights",
    notes: [
      ["forward: states from h(0) and h(0) + delta e", colours[0]],
      ["backward: gradients from g and g + delta e", colours[3]],
      [`bound of the states, 2 sqrt(${N})`, "#999"],
    ],
    plot: {
      x: { label: "steps n" },
      y: { type: "log", label: "separation", ticks: 8 },
      marks: [
        Plot.ruleY([bound], { stroke: "#999", strokeDasharray: "4 3" }),
        Plot.line(forward, { x: (_, i) => i + 1, y: (d) => d, stroke: colours[0], strokeWidth: 2 }),
        Plot.line(backward, { x: (_, i) => i + 1, y: (d) => d, stroke: colours[3], strokeWidth: 2 }),
      ],
    },
  },
]);
