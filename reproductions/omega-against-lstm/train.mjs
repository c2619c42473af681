// One training run: node train.mjs '{"task":"span","arm":"rnn+omega","length":50,"rate":0.001,"weight":4,"seed":1}', or
// '{"task":"text","arm":"lstm","share":0.01,"text":"PATH","rate":0.002,"weight":null,"seed":1}', prints its result as one line of JSON.

import { readFileSync } from "node:fs";
import {
  adam,
  characterVocabulary,
  clipByJointNorm,
  compose,
  defaultExecutor,
  evaluateSynthetic,
  evaluateText,
  Key,
  languageModel,
  leaves,
  lstm,
  recurrent,
  rnn,
  sequenceModel,
  splitText,
  startTraining,
  syntheticTask,
  temporalOrder,
  textStreams,
  textTask,
  train,
  withFlowPenalty,
} from "longspan";
import { arms, span, text as textSetting } from "./setting.mjs";

const run = JSON.parse(process.argv[2]);
const { cell } = arms[run.arm];
const [forInit, forBatches, forTraining, forTests] = Key.of(run.seed).split(4);

const cpu = process.cpuUsage();
const found = run.task === "span" ? await spanned() : await read();
const { user, system } = process.cpuUsage(cpu);
const result = {
  ...run,
  ...found,
  cpuSeconds: Math.round((user + system) / 1e6),
  executor: defaultExecutor().name,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

/** Temporal order of one length, until success or for so many updates. */
async function spanned() {
  const problem = temporalOrder({ length: run.length });
  const [input, output, hidden] = [problem.input, problem.output, span.hidden[cell]];
  const layer = recurrent(cell === "lstm" ? lstm({ input, hidden }) : rnn({ input, hidden }));
  const model = sequenceModel({ layer, features: hidden, output });
  const wrongShare = async (params, key, sequences) =>
    (await evaluateSynthetic(model, params, problem, { key, sequences })).wrong / sequences;
  const task = syntheticTask(model, problem, { key: forBatches, batch: span.batch });
  const params = model.init(forInit);
  const parameters = count(params);
  let [solved, share] = [false, 1];
  const updates = await trained(task, params, span, async (params, step) => {
    share = await wrongShare(params, forTests.fold(2 * step), 500);
    if (share >= span.share) return false;
    share = await wrongShare(params, forTests.fold(2 * step + 1), 5000);
    solved = share < span.share;
    return solved;
  });
  return { parameters, solved, updates, wrongShare: share };
}

/** A character model trained on a share of the text; the least bits per character on the last tenth of the whole text. */
async function read() {
  const text = readFileSync(run.text, "utf8");
  const vocabulary = characterVocabulary(text);
  const { train: all, valid } = splitText(vocabulary.encode(text), 0.1);
  const { streams, steps, features } = textSetting;
  const model = languageModel({
    vocabulary: vocabulary.size,
    features,
    hidden: textSetting.hidden[cell],
    cell,
  });
  const symbols = all.subarray(0, Math.floor(run.share * all.length));
  const task = textTask(model, textStreams(symbols, { streams, steps }));
  const params = model.init(forInit);
  const parameters = count(params);
  let [least, at] = [Number.POSITIVE_INFINITY, 0];
  const updates = await trained(task, params, textSetting, async (params, step) => {
    const { nats } = await evaluateText(model, params, valid, { streams: 32 });
    if (nats / Math.LN2 < least) [least, at] = [nats / Math.LN2, step];
    return false;
  });
  return { parameters, updates, bits: least, bestAt: at, text: undefined };
}

/** Trains, with Omega if the run has a weight for it, and asks after every so many updates whether that is enough. */
async function trained(task, params, { clip, every, most }, enough) {
  const { rate, weight } = run;
  const optimiser = compose(clipByJointNorm(clip), adam({ learningRate: rate }));
  const whole = weight === null ? task : withFlowPenalty(task, { weight, gradient: "paper", steps: "mean" });
  let state = startTraining(whole, optimiser, params);
  while (state.step < most) {
    ({ state } = await train(whole, state, {
      optimiser,
      budget: { steps: state.step + every },
      key: forTraining,
      onExplosion: { nonFinite: "skip" },
    }));
    if (await enough(state.params, state.step)) break;
  }
  return state.step;
}

function count(params) {
  return leaves(params).reduce((n, p) => n + p.size, 0);
}
