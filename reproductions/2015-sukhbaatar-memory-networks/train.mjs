// One training run: node train.mjs '{"arm":"joint","seed":1,"epochs":60,"minutes":60,"state":"FILE","data":"FOLDER"}' prints its result as one
// line of JSON.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  adam,
  applyUpdates,
  capture,
  clipByGroupNorm,
  clipByJointNorm,
  compose,
  decodeSafetensors,
  defaultExecutor,
  encodeSafetensors,
  Key,
  leaves,
  loadInto,
  onCpu,
  packStories,
  scope,
  sgd,
  storyTimes,
  storyVocabulary,
  tensor,
  uniform,
  valueAndGrad,
} from "longspan";
import { arms } from "./arms.mjs";
import { questionsOf } from "./babi.mjs";

const { arm, seed, epochs, minutes, state: stateFile, data } = JSON.parse(process.argv[2]);
const { tasks, most, make } = arms[arm];
const [batch, heldOut, clip] = [32, 0.1, 40];
const [forInit, forSplit, forOrder, forTimes, forBatches] = Key.of(seed).split(5);

const byTask = (kind) => tasks.map((task) => questionsOf(data, task, kind));
const [given, tests] = [byTask("train"), byTask("test")];
const vocabulary = storyVocabulary([...given, ...tests].flat());
const {
  net,
  logits,
  loss,
  linearStart = false,
  linearEpochs = null,
  adam: adamRate = null,
} = make(vocabulary.size);

/** The numbers 0 to n - 1 in an order of the key's. */
function shuffled(n, key) {
  const places = scope(() => onCpu(uniform(key, [n])).toArray());
  return Array.from({ length: n }, (_, i) => i).sort((a, b) => places[a] - places[b]);
}

const parts = given.map((questions, t) => {
  const order = shuffled(questions.length, forSplit.fold(t)).map((i) => questions[i]);
  const held = Math.round(heldOut * questions.length);
  return { held: order.slice(0, held), rest: order.slice(held) };
});
const training = parts.flatMap(({ rest }) => rest);
const validation = parts.flatMap(({ held }) => held);

/** Questions laid out to be tried. */
const laid = (questions) =>
  Array.from({ length: Math.ceil(questions.length / 250) }, (_, i) =>
    packStories(questions.slice(250 * i, 250 * (i + 1)), vocabulary, { most }),
  );

/** The mean loss on questions, and how many are answered wrongly. */
function tried(params, batches, softmax) {
  let [total, wrong, count] = [0, 0, 0];
  for (const stories of batches)
    scope(() => {
      const scores = onCpu(logits(params, stories, softmax)).toArray();
      const right = onCpu(stories.answers).toArray();
      for (const [q, answer] of right.entries()) {
        const own = scores.subarray(q * vocabulary.size, (q + 1) * vocabulary.size);
        const top = own.reduce((a, b) => Math.max(a, b));
        total += Math.log(own.reduce((sum, x) => sum + Math.exp(x - top), 0)) + top - own[answer];
        if (own.indexOf(top) !== answer) wrong += 1;
      }
      count += right.length;
    });
  return { loss: total / count, wrong };
}

// Adam's averages are not kept, and such runs are short: one that was broken off begins anew.
const file = adamRate ? null : stateFile;
// The paper sums the losses of a batch, and clips the gradient of the sum: the same, of the mean.
const optimiser = adamRate
  ? compose(clipByJointNorm(5), adam({ learningRate: 1 }))
  : compose(clipByGroupNorm(clip / batch), sgd({ learningRate: 1 }));
const gradient = valueAndGrad((params, stories, softmax) => loss(params, stories, softmax));
// Stories differ from batch to batch, but what is made of their gradient is always the same: it is recorded once.
const update = capture((params, state, grads, learningRate) => {
  const { updates, state: next } = optimiser.update(grads, state, params, { learningRate });
  return { params: applyUpdates(params, updates), state: next };
});

let batches = { number: -1, packed: [] };

/** The batches of ten epochs, laid out once, since that takes as long as a step does: in each epoch they come in another order, with other times. */
function batchesOf(number) {
  if (batches.number !== number) {
    for (const { stories } of batches.packed) for (const old of tensorsOf(stories)) old.dispose();
    const order = shuffled(training.length, forBatches.fold(number));
    const packed = Array.from({ length: Math.ceil(order.length / batch) }, (_, b) => {
      const questions = order.slice(b * batch, (b + 1) * batch).map((q) => training[q]);
      return { questions, stories: packStories(questions, vocabulary, { most }) };
    });
    batches = { number, packed };
  }
  return batches.packed;
}

const tensorsOf = ({ sentences, times, questions, answers }) => [sentences.x, times, questions.x, answers];

// What is kept in the file: everything that the run goes on from.
const start = { linear: linearStart ? 0 : -1, best: null, waited: 0, epoch: 0, seconds: 0 };
let [progress, params] = file && existsSync(file) ? await restored() : [start, net.init(forInit)];
let state = optimiser.init(params);
const checks = laid(validation);
const begun = performance.now();

const tell = (text) => process.stderr.write(`${arm}, seed ${seed}: ${text}\n`);
while (progress.epoch < epochs && performance.now() - begun < 60_000 * minutes) {
  const began = process.cpuUsage();
  const isLinear = progress.linear >= 0;
  const number = isLinear ? progress.linear : 1000 + progress.epoch;
  const rate = isLinear ? 0.005 : (adamRate ?? 0.01) / 2 ** Math.floor((4 * progress.epoch) / epochs);
  const learningRate = tensor(adamRate ? rate : rate * batch);
  const packed = batchesOf(Math.floor(number / 10));
  const order = shuffled(packed.length, forOrder.fold(number));
  let total = 0;
  for (const b of order) {
    const next = scope(() => {
      const { questions, stories } = packed[b];
      const times = storyTimes(questions, { most, blanks: 0.1, key: forTimes.fold(number).fold(b) });
      const { value, grads } = gradient(params, { ...stories, times }, !isLinear);
      total += onCpu(value).item();
      return update(params, state, grads, learningRate);
    });
    for (const old of leaves([params, state])) old.dispose();
    ({ params, state } = next);
  }
  const { loss: checked, wrong } = tried(params, checks, !isLinear);
  const { user, system } = process.cpuUsage(began);
  progress.seconds += (user + system) / 1e6;
  progress.loss = total / order.length;
  progress.held = wrong / validation.length;
  tell(
    `${isLinear ? "linear " : ""}epoch ${isLinear ? progress.linear : progress.epoch}, loss ${progress.loss.toFixed(3)}, held out ${checked.toFixed(3)}, ${(100 * progress.held).toFixed(1)} % wrong, ${progress.seconds.toFixed(0)} s`,
  );
  if (isLinear) {
    progress.linear += 1;
    progress.waited = progress.best !== null && checked >= progress.best ? progress.waited + 1 : 0;
    progress.best = Math.min(progress.best ?? checked, checked);
    // Where the loss falls no more, or after so many epochs, there is a softmax from here on.
    if (linearEpochs === null ? progress.waited >= 2 : progress.linear >= linearEpochs)
      [progress.lasted, progress.linear] = [progress.linear, -1];
  } else progress.epoch += 1;
  if (file) await stored();
}

const errors = tests.map((questions) => tried(params, laid(questions), true).wrong / questions.length);
const result = {
  arm,
  seed,
  epochs: progress.epoch,
  of: epochs,
  linearEpochs: progress.lasted ?? 0,
  loss: progress.loss,
  heldOut: progress.held,
  mean: errors.reduce((a, b) => a + b, 0) / errors.length,
  errors,
  minutes: Number((progress.seconds / 60).toFixed(1)),
  executor: defaultExecutor().name,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

async function stored() {
  const tensors = Buffer.from(await encodeSafetensors(params)).toString("base64");
  mkdirSync(dirname(file), { recursive: true });
  // Written beside it and then renamed, so that there is always a whole one.
  writeFileSync(`${file}.new`, JSON.stringify({ progress, tensors }));
  renameSync(`${file}.new`, file);
}

function restored() {
  const { progress, tensors } = JSON.parse(readFileSync(file, "utf8"));
  const kept = decodeSafetensors(new Uint8Array(Buffer.from(tensors, "base64")));
  return [progress, loadInto(net.init(forInit), kept)];
}
