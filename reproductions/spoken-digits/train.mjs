// One run: a bidirectional LSTM learns to read digit strings, in one of two ways. Given by run.mjs; prints its result as a line of JSON.

import { isDeepStrictEqual } from "node:util";
import {
  adam,
  add,
  bidirectional,
  chain,
  clipByJointNorm,
  compose,
  fromArray,
  Key,
  labelErrorRate,
  lstm,
  mul,
  normal,
  onCpu,
  scope,
  sequenceModel,
  trainingStep,
} from "longspan";
import { digitStrings, partsOf } from "./recordings.mjs";
import { ways } from "./ways.mjs";

/** Units in each direction, strings per step, standard deviation of the noise on the features, and where the learning rate starts. */
const [hidden, batch, noise, rate] = [64, 16, 0.3, 3e-3];

const { data, way, unheard, seed, steps } = JSON.parse(process.argv[2]);
const { classes, targets, loss, read } = ways[way];
const { training, test } = partsOf(data, unheard, seed);
const input = training[0].frames[0].length;
const model = sequenceModel({
  layer: bidirectional(lstm({ input, hidden }), lstm({ input, hidden })),
  features: 2 * hidden,
  output: classes,
});
const [forParameters, forStrings, forNoise] = Key.of(seed).split(3);

/** The structure of the frames of strings, and their features in its rows. */
function framesOf(strings) {
  const frames = chain(strings.map((s) => s.frames.length));
  const features = new Float32Array(frames.nodes * input);
  for (const [i, row] of strings.flatMap((s) => s.frames).entries()) features.set(row, i * input);
  return { frames, x: frames.pack(fromArray(features, [frames.nodes, input])) };
}

/** How well each way of reading does on strings. */
function judge(params, strings) {
  return scope(() => {
    const { frames, x } = framesOf(strings);
    const readings = read(model.apply(params, x, frames).output, frames);
    const single = strings.flatMap(({ digits }, b) =>
      digits.some((d, i) => d === digits[i - 1]) ? [] : [b],
    );
    return Object.entries(readings).map(([reading, found]) => ({
      reading,
      error: labelErrorRate(
        found,
        strings.map(({ digits }) => digits),
      ),
      withoutRepeats: labelErrorRate(
        single.map((b) => found[b]),
        single.map((b) => strings[b].digits),
      ),
      wrongStrings:
        strings.filter(({ digits }, b) => !isDeepStrictEqual(digits, found[b])).length / strings.length,
    }));
  });
}

const step = trainingStep(
  (params, x, frames, wanted) => loss(model.apply(params, x, frames).output, wanted),
  compose(clipByJointNorm(5), adam({ learningRate: rate })),
  // Falls to 0 over the second half.
  { settings: (taken) => ({ learningRate: rate * Math.min(1, 2 * (1 - taken / steps)) }) },
);
const started = process.cpuUsage();
let at = step.start(model.init(forParameters));
for (let i = 0; i < steps; i++) {
  at = scope(() => {
    const strings = digitStrings(training, forStrings.fold(i), batch);
    const { frames, x } = framesOf(strings);
    const noisy = add(x, mul(normal(forNoise.fold(i), x.shape), noise));
    return step(at, noisy, frames, targets(strings, frames));
  });
  if ((i + 1) % 500 === 0)
    process.stderr.write(
      `${way}, ${unheard}, seed ${seed}: step ${i + 1}, loss ${onCpu(at.loss).item().toFixed(4)}\n`,
    );
}
const { user, system } = process.cpuUsage(started);

// The strings of the test and those by which a reading is chosen are the same for all seeds.
const chosenBy = judge(at.params, digitStrings(training, Key.of(1000), 500));
const tested = judge(at.params, digitStrings(test, Key.of(1001), 1000));
const best = chosenBy.reduce((a, b) => (b.error < a.error ? b : a)).reading;
process.stdout.write(
  `${JSON.stringify({
    way,
    unheard,
    seed,
    steps,
    readings: Object.fromEntries([
      ["all", tested[0]],
      ["chosen", tested.find(({ reading }) => reading === best)],
    ]),
    seconds: Math.round((user + system) / 1e6),
  })}\n`,
);
