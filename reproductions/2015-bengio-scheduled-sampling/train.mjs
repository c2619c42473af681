// One training run: node train.mjs '{"arm":"numbers.teacher-forcing","seed":1,"steps":2000,"minutes":60,"state":"FILE","data":"FOLDER"}'
// prints its result as one line of JSON.

import {
  chain,
  concat,
  fedBack,
  freeRunning,
  fromArray,
  gru,
  Key,
  mean,
  onCpu,
  scope,
  teacherForcing,
  tensor,
  unfold,
} from "longspan";
import { draws } from "../pairs.mjs";
import { trainKept } from "../training.mjs";
import { regimes } from "./regimes.mjs";
import { kinds, readLaser } from "./series.mjs";

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const [kindName, regimeName] = arm.split(".");
const { training, test, scale } = readLaser(data);
const { output, features, shape, dtype, encode, decode, feeds } = kinds[kindName];
const [hidden, batch, rate] = [48, 32, 0.004];
/** In training, points that are read whatever the regime, and points that follow; in the test, the same. */
const [warm, after] = [40, 60];
const [read, horizon, continuations] = [100, 100, 200];

const regime = regimes[regimeName].of(feeds, steps);
const [forced, learning, alone] = [
  teacherForcing(),
  regime,
  freeRunning({ feed: feeds.alone, gradient: "stopped" }),
].map((regime) =>
  fedBack({
    cell: gru({ input: features ?? shape[0], hidden }),
    output,
    regime,
    ...(features ? { features } : {}),
  }),
);

const structures = new Map();
function chainsOf(count, length) {
  const name = `${count} of ${length}`;
  if (!structures.has(name)) structures.set(name, chain(new Array(count).fill(length)));
  return structures.get(name);
}

/** Pieces of the series as a cell reads them: x, and y one point later. */
function pieces(series, starts, length) {
  const structure = chainsOf(starts.length, length);
  const rows = (shift) => {
    const values = starts.flatMap((start) => [...series.subarray(start + shift, start + shift + length)]);
    return structure.pack(fromArray(values.map(encode), [structure.nodes, ...shape], dtype));
  };
  return { x: rows(0), y: rows(1), structure };
}

/** A net reads the truth, and then goes on as its cell says. */
function goOn(cell, params, first, rest, others, key) {
  const { output: before, final } = unfold(forced, params, { x: first.x }, first.structure);
  const inputs = { x: rest.x, ...others };
  const { output } = unfold(cell, params, inputs, rest.structure, {
    initial: final,
    ...(key ? { key } : {}),
  });
  return { before, output };
}

/**
 * How far a net goes wrong that has read 100 points of the test and goes on.
 * @returns { squares: the squared error at each point over the variance of the series, nats: the mean loss }
 */
function errorsOf(params, cell) {
  const room = test.length - read - horizon - 1;
  const starts = Array.from({ length: continuations }, (_, i) =>
    Math.floor((i * room) / (continuations - 1)),
  );
  const later = starts.map((start) => start + read);
  return scope(() => {
    const rest = pieces(test, later, horizon);
    const { output: o } = goOn(cell, params, pieces(test, starts, read), rest, {});
    const found = decode(rest.structure.unpack(o));
    const squares = Array.from(
      { length: horizon },
      (_, t) =>
        later.reduce((sum, start, s) => sum + (found[s * horizon + t] - test[start + t + 1]) ** 2, 0) /
        (continuations * scale ** 2),
    );
    return { squares, nats: onCpu(mean(output.lossPerRow(o, rest.y))).item() };
  });
}

/** The root of the mean squared error, over the standard deviation. */
const nrmse = (squares) => Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);

const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
const { params, result } = await trainKept({
  task: {
    capturable: true,
    batch(step) {
      const draw = draws(forBatches.fold(step));
      const starts = Array.from({ length: batch }, () => draw.below(training.length - warm - after));
      const later = starts.map((start) => start + warm);
      return {
        first: pieces(training, starts, warm),
        rest: pieces(training, later, after),
        others: regime.probability ? { teacherProbability: tensor(regime.probability(step)) } : {},
      };
    },
    predictions: () => batch * (warm + after),
    carriedAtStart: () => ({}),
    loss(params, { first, rest, others }, _, key) {
      const { before, output: o } = goOn(learning, params, first, rest, others, key);
      const losses = [output.lossPerRow(before, first.y), output.lossPerRow(o, rest.y)];
      return { loss: mean(concat(losses)), carried: {} };
    },
  },
  params: forced.init(forInit),
  key: forTraining,
  seed,
  batch,
  rate,
  steps,
  every: 1000,
  wrong: (params) => nrmse(errorsOf(params, alone).squares),
  told: (measured) => `NRMSE ${measured.toFixed(3)} over ${horizon} points alone`,
  file: state,
  minutes,
});
const [told, free] = [forced, alone].map((cell) => errorsOf(params, cell));
const short = (number) => Number(number.toPrecision(4));
process.stdout.write(
  `${JSON.stringify({
    arm,
    ...result,
    told: { nrmse: short(nrmse(told.squares)), nats: short(told.nats) },
    alone: free.squares.map((square) => short(Math.sqrt(square))),
    setting: { ...result.setting, hidden, warm, after },
  })}\n`,
);
