// L3, the latch of Bengio, Simard, Frasconi 1994: one unit learns to keep one bit while its input is noise.
import { colours, Plot, writeFigure } from "./figure.mjs";
import {
  add,
  applyUpdates,
  chain,
  concat,
  defineCell,
  fromArray,
  full,
  gather,
  Key,
  mul,
  normal,
  read,
  reshape,
  scope,
  sgd,
  square,
  sub,
  sum,
  tanh,
  unfold,
  uniform,
  valueAndGrad,
} from "./longspan.mjs";
import { claim, writeTable } from "./table.mjs";

const TRAINED = 3;
const GOAL = 0.8;
const SEEDS = 20;
const BATCH = 20;
const UPDATES = 1000;
const RATE = 0.1;
const FIRST_W = 1.25;
const TESTS = 1000;
const ALLOWED = 0.05;
const LENGTHS = [5, 10, 20, 40, 60, 100];
const NOISES = [0.1, 0.2, 0.3];

/** x(t) = tanh(w x(t-1)) + u(t). All seeds run in one batch, each sequence with its seed's w. */
const latch = defineCell({
  name: "latch",
  inputs: () => ({ u: [1] }),
  sequenceInputs: () => ({ w: [1] }),
  state: () => ({ x: [1] }),
  params: () => ({}),
  step({ u, x, w }) {
    const next = add(tanh(mul(w, x)), u);
    return { state: { x: next }, output: next };
  },
})({});

/**
 * Sequences of `seeds` latches, `each` of every latch, half of them of either class: x(T) for weights w [seeds, 1] and
 * trained inputs h [2 * seeds, 3], class 0 of a latch before its class 1.
 */
function latches(seeds, each, length) {
  const count = seeds * each;
  const list = Array.from({ length: count }, (_, s) => ({
    seed: Math.floor(s / each),
    class: s % 2,
  }));
  const structure = chain(new Array(count).fill(length));
  const seedOf = fromArray(
    list.map(({ seed }) => seed),
    [count],
    "int32",
  );
  const inputOf = fromArray(
    Array.from({ length: TRAINED }, (_, t) => list.map((s) => (2 * s.seed + s.class) * TRAINED + t)).flat(),
    [TRAINED * count],
    "int32",
  );
  const goals = fromArray(
    list.map((s) => (s.class === 0 ? -GOAL : GOAL)),
    [count, 1],
    "float64",
  );
  const run = ({ w, h }, noise, key) => {
    const trained = gather(reshape(h, [2 * seeds * TRAINED, 1]), inputOf);
    const rest = mul(normal(key, [(length - TRAINED) * count, 1], "float64"), noise);
    return unfold(latch, {}, { u: concat([trained, rest], 0), w: gather(w, seedOf) }, structure).final.x;
  };
  return { run, goals };
}

/** For each latch, the share of fresh sequences whose last sign is wrong. */
async function errors(params, seeds, length, noise, key) {
  const each = 200;
  const { run, goals } = latches(seeds, each, length);
  const signs = await read(goals);
  const wrong = new Float64Array(seeds);
  for (let round = 0; round < TESTS / each; round++) {
    const last = await read(scope(() => run(params, noise, key.fold(round))));
    last.forEach((x, s) => {
      if (x * signs[s] <= 0) wrong[Math.floor(s / each)] += 1 / TESTS;
    });
  }
  return wrong;
}

async function train(length, noise) {
  const [start, draws, test] = Key.of(100 * length + Math.round(10 * noise)).split(3);
  const { run, goals } = latches(SEEDS, BATCH, length);
  const small = sub(mul(uniform(start, [2 * SEEDS, TRAINED], "float64"), 0.2), 0.1);
  let params = { w: full([SEEDS, 1], FIRST_W, "float64"), h: small };
  const optimiser = sgd({ learningRate: RATE });
  let state = optimiser.init(params);
  // The mean over each latch's sequences: the latches share nothing, so that the gradient of the sum is each one's own.
  const gradient = valueAndGrad((p, key) => mul(sum(square(sub(run(p, noise, key), goals))), 0.5 / BATCH));
  for (let step = 0; step < UPDATES; step++) {
    const before = params;
    const next = scope(() => {
      const { grads } = gradient(params, draws.fold(step));
      const { updates, state: after } = optimiser.update(grads, state, params);
      return { params: applyUpdates(params, updates), state: after };
    });
    if (step > 0) for (const t of Object.values(before)) t.dispose();
    params = next.params;
    state = next.state;
  }
  const wrong = await errors(params, SEEDS, length, noise, test);
  const ws = Array.from(await read(params.w)).sort((a, b) => a - b);
  const sorted = Array.from(wrong).sort((a, b) => a - b);
  return {
    T: length,
    "noise s": noise,
    seeds: SEEDS,
    latched: wrong.filter((share) => share <= ALLOWED).length,
    "median share wrong": (sorted[SEEDS / 2 - 1] + sorted[SEEDS / 2]) / 2,
    "median w": (ws[SEEDS / 2 - 1] + ws[SEEDS / 2]) / 2,
  };
}

const rows = [];
for (const noise of NOISES) for (const length of LENGTHS) rows.push(await train(length, noise));

// The control: weights guessed at random, w in [-4, 4] and inputs in [-2, 2], and no training.
const GUESSES = 200;
for (const row of rows) {
  const [kw, kh, test] = Key.of(7).split(3);
  const guess = {
    w: sub(mul(uniform(kw, [GUESSES, 1], "float64"), 8), 4),
    h: sub(mul(uniform(kh, [2 * GUESSES, TRAINED], "float64"), 4), 2),
  };
  const wrong = await errors(guess, GUESSES, row.T, row["noise s"], test);
  row["guesses that latch"] = wrong.filter((share) => share <= ALLOWED).length / GUESSES;
}
writeTable("latch", rows);

const at = (noise) => rows.filter((row) => row["noise s"] === noise);
for (const noise of NOISES.slice(1)) {
  const series = at(noise).map((row) => row.latched);
  claim(
    `s = ${noise}: latched ${series.join(", ")} of ${SEEDS} at T = ${LENGTHS.join(", ")}: fewer at the longest than at the shortest`,
    series.at(-1) < series[0],
  );
}
const atLongest = NOISES.map((noise) => at(noise).at(-1).latched);
claim(
  `at T = ${LENGTHS.at(-1)}, more noise never helps: ${atLongest.join(", ")}`,
  atLongest.every((n, i) => i === 0 || n <= atLongest[i - 1]),
);

writeFigure("latch", [
  {
    title: "Gradient descent: latches that work",
    notes: NOISES.map((noise, i) => [`noise s = ${noise}, ${SEEDS} seeds for each length`, colours[i]]),
    plot: {
      x: { type: "log", label: "sequence length T", ticks: LENGTHS, tickFormat: "d" },
      y: { label: "share of seeds", domain: [0, 1] },
      marks: NOISES.flatMap((noise, i) => [
        Plot.line(at(noise), { x: "T", y: (row) => row.latched / SEEDS, stroke: colours[i], strokeWidth: 2 }),
        Plot.dot(at(noise), { x: "T", y: (row) => row.latched / SEEDS, fill: colours[i], r: 4 }),
      ]),
    },
  },
  {
    title: "Weights guessed at random",
    notes: NOISES.map((noise, i) => [`noise s = ${noise}, ${GUESSES} guesses`, colours[i]]),
    plot: {
      x: { type: "log", label: "sequence length T", ticks: LENGTHS, tickFormat: "d" },
      y: { label: "share of guesses", domain: [0, 1] },
      marks: NOISES.flatMap((noise, i) => [
        Plot.line(at(noise), { x: "T", y: "guesses that latch", stroke: colours[i], strokeWidth: 2 }),
        Plot.dot(at(noise), { x: "T", y: "guesses that latch", fill: colours[i], r: 4 }),
      ]),
    },
  },
]);
