// L5: dL/dW split by lag through the copies W(t) of (10.22) to (10.28), and how the noise of sampling hides long lags.
import { colours, Plot, writeFigure } from "./figure.mjs";
import {
  add,
  broadcastTo,
  chain,
  defineCell,
  fromArray,
  grad,
  Key,
  matmul,
  mul,
  normal,
  orthogonal,
  read,
  rnn,
  scope,
  square,
  sub,
  sum,
  tanh,
  unfold,
} from "./longspan.mjs";
import { check, claim, slope, writeTable } from "./table.mjs";

const T = 30;
const HIDDEN = 16;
const BATCH = 50;
const BATCHES = 40;
const EXAMPLES = BATCH * BATCHES;
const GAINS = [0.7, 0.9, 1.1];

const config = { input: 1, hidden: HIDDEN };
/** (10.8) and (10.9), with a W for each step. */
const copies = defineCell({
  name: "copies of W",
  inputs: ({ input, hidden }) => ({ x: [input], W: [hidden, hidden] }),
  state: ({ hidden }) => ({ h: [hidden] }),
  params: ({ input, hidden }) => {
    const { U, b } = rnn({ input, hidden }).specs;
    return { U, b };
  },
  step({ x, W, h }, { U, b }) {
    const next = tanh(add(add(matmul(x, U), b), matmul(h, W)));
    return { state: { h: next }, output: next };
  },
})(config);
const shared = rnn(config);
const structure = chain(new Array(BATCH).fill(T));

// The target is the sum of all inputs over sqrt(T): every lag counts alike.
function batch(key) {
  const x = normal(key, [T * BATCH, 1], "float64");
  return { x, readTarget: async () => sumsOf(await read(x)) };
}
function sumsOf(x) {
  const sums = new Float64Array(BATCH);
  x.forEach((value, at) => {
    sums[at % BATCH] += value / Math.sqrt(T);
  });
  return fromArray(sums, [BATCH, 1], "float64");
}

async function measure(gain) {
  const specs = { ...shared.init(Key.of(1), "float64") };
  const W = mul(orthogonal(HIDDEN, HIDDEN).initialise(Key.of(2), [HIDDEN, HIDDEN], "float64"), gain);
  const V = mul(normal(Key.of(3), [HIDDEN, 1], "float64"), 1 / Math.sqrt(HIDDEN));
  const { U, b } = specs;
  const loss = (h, y) => mul(sum(square(sub(matmul(h, V), y))), 0.5);
  const size = HIDDEN * HIDDEN;
  const total = Array.from({ length: T }, () => new Float64Array(size));
  const squares = new Float64Array(T);
  const whole = new Float64Array(size);
  let wholeSquares = 0;
  let sharedError = 0;
  for (let round = 0; round < BATCHES; round++) {
    const { x, readTarget } = batch(Key.of(4).fold(round));
    const y = await readTarget();
    const each = scope(() =>
      grad((Ws) => loss(unfold(copies, { U, b }, { x, W: Ws }, structure).final.h, y))(
        broadcastTo(W, [T * BATCH, HIDDEN, HIDDEN]),
      ),
    );
    const g = await read(each);
    const sums = new Float64Array(BATCH * size);
    for (let t = 0; t < T; t++)
      for (let e = 0; e < BATCH; e++)
        for (let i = 0; i < size; i++) {
          const value = g[(t * BATCH + e) * size + i];
          total[t][i] += value;
          squares[t] += value * value;
          sums[e * size + i] += value;
        }
    for (let at = 0; at < sums.length; at++) {
      whole[at % size] += sums[at];
      wholeSquares += sums[at] * sums[at];
    }
    if (round === 0) {
      const usual = await read(
        grad((p) => loss(unfold(shared, p, { x }, structure).final.h, y))({ U, W, b }).W,
      );
      for (let i = 0; i < size; i++) sharedError = Math.max(sharedError, Math.abs(usual[i] - whole[i]));
    }
    for (const tensor of [x, y, each]) tensor.dispose();
  }
  /** The squared length of the mean, less what the sampling of so many examples adds to it; the trace of the covariance. */
  const moments = (sums, squared) => {
    const length = sums.reduce((s, v) => s + (v / EXAMPLES) ** 2, 0);
    const covariance = (squared / EXAMPLES - length) * (EXAMPLES / (EXAMPLES - 1));
    return { signal: Math.sqrt(Math.max(0, length - covariance / EXAMPLES)), covariance };
  };
  const all = moments(whole, wholeSquares);
  const lags = total
    .map((sums, t) => ({ lag: T - 1 - t, ...moments(sums, squares[t]) }))
    // The copy that the first step reads meets h(0) = 0: it has no gradient.
    .filter(({ lag }) => lag < T - 1)
    .reverse();
  return { gain, all, lags, sharedError };
}

const measured = [];
for (const gain of GAINS) measured.push(await measure(gain));

const needed = (run, lag) => run.all.covariance / run.lags[lag].signal ** 2;
const rows = [0, 1, 2, 5, 10, 15, 20, 25, 28].map((lag) => ({
  lag,
  ...Object.fromEntries(
    measured.map((run) => [`|mean dL/dW(T-lag)|, gain ${run.gain}`, run.lags[lag].signal]),
  ),
  ...Object.fromEntries(
    measured.map((run) => [`examples needed, gain ${run.gain}`, Math.round(needed(run, lag))]),
  ),
}));
writeTable("lag-split", rows);
const shares = measured.map((run) => {
  const sizes = run.lags.map(({ signal }) => signal);
  const sumOf = (list) => list.reduce((a, b) => a + b, 0);
  return {
    gain: run.gain,
    "share of lags 10 and more": sumOf(sizes.slice(10)) / sumOf(sizes),
    "|mean gradient|": run.all.signal,
    "noise of 1 example": Math.sqrt(run.all.covariance),
    "noise of 100": Math.sqrt(run.all.covariance / 100),
    "longest lag above the noise of 100":
      run.lags.filter((_, lag) => needed(run, lag) <= 100).at(-1)?.lag ?? -1,
  };
});
writeTable("lag-split-shares", shares);

for (const { gain, sharedError } of measured)
  check(`gain ${gain}: largest difference between the sum over copies and dL/dW`, sharedError, 0, {
    within: 1e-10,
    relative: false,
  });
for (const { gain, lags } of measured) {
  const some = lags.filter(({ lag }) => lag >= 2 && lag <= 20);
  const rate = slope(
    some.map(({ lag }) => lag),
    some.map(({ signal }) => Math.log(signal)),
  );
  claim(
    `gain ${gain}: log |mean dL/dW(T-lag)| falls by ${(-rate).toFixed(3)} a lag, at least -log(gain) = ${(-Math.log(gain)).toFixed(3)} as every singular value of W is the gain`,
    rate <= Math.log(gain) + 0.01,
  );
}
for (const { gain, lags } of measured) {
  const least = Math.min(...lags.map(({ signal, covariance }) => signal / Math.sqrt(covariance / EXAMPLES)));
  claim(
    `gain ${gain}: ${EXAMPLES} examples tell each lag's mean from zero: at least ${least.toFixed(1)} standard errors`,
    least > 2,
  );
}
claim(
  "the smaller the gain, the smaller the share of long lags",
  shares.every(
    (row, i) => i === 0 || row["share of lags 10 and more"] > shares[i - 1]["share of lags 10 and more"],
  ),
);

const middle = measured[1];
const noise = [10, 100, 1000].map((count) => ({ count, size: Math.sqrt(middle.all.covariance / count) }));
writeFigure("lag-split", [
  {
    title: `dL/dW by lag, W of gain ${middle.gain}`,
    notes: [
      ["|mean of dL/dW(T - lag)|", colours[0]],
      ["noise of the gradient of 10, 100, 1000 examples", "#999"],
    ],
    plot: {
      x: { label: "lag" },
      y: { type: "log", label: "norm", ticks: 6 },
      marks: [
        Plot.ruleY(noise, { y: "size", stroke: "#999", strokeDasharray: "4 3" }),
        Plot.text(noise, { x: T - 3, y: "size", text: ({ count }) => `${count}`, dy: -8, fill: "#666" }),
        Plot.line(middle.lags, { x: "lag", y: "signal", stroke: colours[0], strokeWidth: 2 }),
        Plot.dot(middle.lags, { x: "lag", y: "signal", fill: colours[0], r: 3 }),
      ],
    },
  },
  {
    title: "Examples until a lag's share equals the noise",
    notes: measured.map(({ gain }, i) => [`W of gain ${gain}`, colours[i]]),
    plot: {
      x: { label: "lag" },
      y: { type: "log", label: "examples in a batch", ticks: 6 },
      marks: measured.map((run, i) =>
        Plot.line(run.lags, {
          x: "lag",
          y: ({ lag }) => needed(run, lag),
          stroke: colours[i],
          strokeWidth: 2,
        }),
      ),
    },
  },
]);
