// O9: do second derivatives vanish with the first? Gradient and curvature by lag (8.2.5 and 10.11.1).
import { colours, Plot, writeFigure } from "./figure.mjs";
import {
  add,
  chain,
  curvatureByLag,
  defineCell,
  glorot,
  Key,
  lstm,
  markModelOutputs,
  matmul,
  mul,
  normal,
  orthogonal,
  rnn,
  square,
  sub,
  sum,
  unfold,
} from "./longspan.mjs";
import { check, claim, slope, writeTable } from "./table.mjs";

const T = 61;
const HIDDEN = 16;
const BATCH = 20;
// From here to the end the rates are read off: the first lags have the shape of the loss in them.
const FIRST = 5;

/** h(t) = W h(t-1) + U x(t) */
const linear = defineCell({
  name: "linear",
  inputs: () => ({ x: [1] }),
  state: () => ({ h: [HIDDEN] }),
  params: () => ({ U: glorot(1, HIDDEN), W: orthogonal(HIDDEN, HIDDEN) }),
  step({ x, h }, { U, W }) {
    const next = add(matmul(h, W), matmul(x, U));
    return { state: { h: next }, output: next };
  },
})({});
const tanhNet = rnn({ input: 1, hidden: HIDDEN });
const gated = lstm({ input: 1, hidden: HIDDEN });

/** The cell's parameters at initialisation, W times a gain. */
function scaled(cell, gain) {
  const params = cell.init(Key.of(1), "float64");
  return { ...params, W: mul(params.W, gain) };
}

const nets = [
  { name: "linear: 0.8 of an orthogonal W", cell: linear, params: scaled(linear, 0.8) },
  { name: "tanh: 0.8 of an orthogonal W", cell: tanhNet, params: scaled(tanhNet, 0.8) },
  { name: "tanh: orthogonal W", cell: tanhNet, params: scaled(tanhNet, 1) },
  { name: "LSTM: forget bias 1", cell: gated, params: scaled(gated, 1) },
];

const structure = chain(new Array(BATCH).fill(T));
const x = mul(normal(Key.of(2), [T * BATCH, 1], "float64"), 0.3);
const V = mul(normal(Key.of(3), [HIDDEN, 1], "float64"), 1 / Math.sqrt(HIDDEN));
const y = normal(Key.of(4), [BATCH, 1], "float64");

/** L = 1/2 sum of (V' h(T) - y)^2 over the batch, of y that no net knows yet. */
const lossOf = (cell) => (params) => {
  const { final } = unfold(cell, params, { x }, structure);
  return mul(sum(square(sub(markModelOutputs(matmul(final.h, V)), y))), 0.5);
};

const rows = [];
const summary = [];
const rates = [];
for (const { name, cell, params } of nets) {
  const lags = Array.from({ length: T - 1 }, (_, k) => k);
  const { layers } = await curvatureByLag(lossOf(cell), params, { lags });
  const [layer] = layers;
  const own = layer.lags.map(({ lag, gradient, own, tied }) => ({
    net: name,
    lag,
    "|g|": gradient,
    "g'Hg/g'g": own.hessian,
    "g'Gg/g'g": own.gaussNewton,
    "|g'Hg/g'g| / |g|": Math.abs(own.hessian) / gradient,
    "g'Gg/g'g / |g|": own.gaussNewton / gradient,
    "g'Hg/g'g all moved": tied.hessian,
    "g'Gg/g'g all moved": tied.gaussNewton,
  }));
  rows.push(...own);
  const late = own.filter(({ lag }) => lag >= FIRST);
  const rate = (of) =>
    slope(
      late.map((r) => r.lag),
      late.map((r) => Math.log(Math.abs(r[of]))),
    );
  const [g, h, gn] = [rate("|g|"), rate("g'Hg/g'g"), rate("g'Gg/g'g")];
  rates.push({ g, h, gn, own });
  summary.push({
    net: name,
    "|g| per step": Math.exp(g),
    "|g'Hg/g'g| per step": Math.exp(h),
    "g'Gg/g'g per step": Math.exp(gn),
    "H ratio per step": Math.exp(h - g),
    "G ratio per step": Math.exp(gn - g),
    "H as a power of |g|": h / g,
    "G as a power of |g|": gn / g,
    "all moved: G last over first": late.at(-1)["g'Gg/g'g all moved"] / late[0]["g'Gg/g'g all moved"],
  });
  console.log(`${name}: ${layer.verdict.kind}: ${layer.verdict.words}\n`);
}
writeTable("curvature", rows);
writeTable("curvature-rates", summary);

const [straight, vanishing, , remembering] = rates;
check(
  "linear net: largest relative difference of g'Hg and g'Gg",
  Math.max(...straight.own.map((r) => Math.abs(r["g'Hg/g'g"] / r["g'Gg/g'g"] - 1))),
  0,
  { within: 1e-9, relative: false },
);
check("linear net: power of |g| as which the curvature falls", straight.h / straight.g, 2, { within: 0.1 });
check("vanishing tanh net: that of g'Gg/g'g", vanishing.gn / vanishing.g, 2, { within: 0.1 });
check("vanishing tanh net: that of |g'Hg/g'g|, as the chapter supposes", vanishing.h / vanishing.g, 1, {
  within: 0.15,
});
check("LSTM: that of |g'Hg/g'g|", remembering.h / remembering.g, 1, { within: 0.15 });
const moved = vanishing.own.map((r) => r["g'Gg/g'g all moved"]);
claim(
  `vanishing tanh net: |g| falls by ${(vanishing.own.at(-1)["|g|"] / vanishing.own[0]["|g|"]).toExponential(0)}, g'Gg/g'g with all lags moved stays above a thousandth of its value at lag 0`,
  moved.every((v) => v > moved[0] / 1000),
);

const panel = (title, net) => {
  const own = rates[net].own;
  const line = (key, color) => [
    Plot.line(own, { x: "lag", y: (r) => Math.abs(r[key]) || Number.NaN, stroke: color, strokeWidth: 1.8 }),
  ];
  return {
    title,
    notes: [
      ["|g(k)|", colours[0]],
      ["|g'Hg / g'g|, the block of lag k", colours[1]],
      ["g'Gg / g'g, the block of lag k", colours[2]],
      ["ratio |g'Hg / g'g| / |g|", colours[3]],
      ["g'Gg / g'g, all lags moved together", colours[4]],
    ],
    plot: {
      x: { label: "lag k" },
      y: { type: "log", label: "derivative", ticks: 6 },
      marks: [
        ...line("|g|", colours[0]),
        ...line("g'Hg/g'g", colours[1]),
        ...line("g'Gg/g'g", colours[2]),
        ...line("|g'Hg/g'g| / |g|", colours[3]),
        ...line("g'Gg/g'g all moved", colours[4]),
      ],
    },
  };
};
writeFigure(
  "curvature",
  nets.map(({ name }, i) => panel(name, i)),
);
