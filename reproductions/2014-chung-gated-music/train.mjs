// One run: a net learns to predict the notes of the next step. Given by run.mjs; prints its result as a line of JSON.

import { bernoulliCrossEntropyMean, bernoulliCrossEntropySum, Key, leaves, onCpu, scope } from "longspan";
import { draws } from "../pairs.mjs";
import { trainKept } from "../training.mjs";
import { netOf } from "./models.mjs";
import { batchesOf, cut, readPieces, tracks } from "./pieces.mjs";

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const [set, name] = arm.split("-");
/**
 * Chorales are read whole; tunes, which are longer, a segment at a time, what a net holds being handed on (`tracks`), or in pieces, each from
 * nothing. They are all read whole when they are tried.
 */
const settings = {
  jsb: { size: 8, rate: 0.005, dropout: 0.1 },
  nottingham: {
    lstm: { size: 16, rate: 0.02, dropout: 0, segment: 50 },
    gru: { size: 16, rate: 0.005, dropout: 0, segment: 50 },
    tanh: { size: 32, rate: 0.01, dropout: 0, piece: 50 },
    tcn: { size: 32, rate: 0.01, dropout: 0, piece: 50 },
    widelstm: { size: 16, rate: 0.004, dropout: 0.5, segment: 50 },
    widegru: { size: 16, rate: 0.004, dropout: 0.5, segment: 50 },
  },
};
const { size, rate, dropout, segment, piece } = set === "jsb" ? settings.jsb : settings.nottingham[name];
const pieces = readPieces(data, set);
const net = netOf(name, dropout);
const [forInit, forOrder, forTraining] = Key.of(seed).split(3);

const whole = segment ? null : batchesOf(piece ? cut(pieces.training, piece) : pieces.training, size);
const batches = whole?.length ?? tracks(pieces.training, size, segment).length;
let last = {};
/** The batch of a step: all once in each epoch. */
function batch(step) {
  const epoch = Math.floor(step / batches);
  if (last.epoch !== epoch) {
    const { shuffled } = draws(forOrder.fold(epoch));
    last = { epoch, order: whole ? shuffled(whole) : tracks(shuffled(pieces.training), size, segment) };
  }
  return last.order[step % batches];
}

/** Nats per step of pieces. */
function nats(params, batches) {
  const of = (some) => scope(() => onCpu(bernoulliCrossEntropySum(net.logits(params, some), some.y)).item());
  const total = batches.reduce((sum, some) => sum + of(some), 0);
  return total / batches.reduce((sum, { structure }) => sum + structure.nodes, 0);
}

const validation = batchesOf(pieces.validation, 32);
const { best, result } = await trainKept({
  task: {
    capturable: true,
    batch,
    predictions: ({ structure }) => structure.nodes,
    carriedAtStart: (params) => (whole ? {} : net.zeroState(params, size)),
    loss(params, some, carried, key) {
      const { logits, final } = net.run(params, some, whole ? { key } : { key, initial: carried });
      return { loss: bernoulliCrossEntropyMean(logits, some.y), carried: whole ? {} : final };
    },
  },
  params: net.init(forInit),
  key: forTraining,
  seed,
  batch: size,
  rate,
  steps,
  every: Math.ceil(steps / 25),
  wrong: (params) => nats(params, validation),
  told: (measured) => `${measured.toFixed(3)} nats per step of the validation`,
  file: state,
  minutes,
});
process.stdout.write(
  `${JSON.stringify({
    arm,
    set,
    net: name,
    ...result,
    parameters: leaves(net.init(forInit)).reduce((sum, { size }) => sum + size, 0),
    epochs: { best: Math.round(best.step / batches) },
    nats: {
      training: nats(best.params, batchesOf(pieces.training.slice(0, 300), 32)),
      validation: best.loss,
      test: nats(best.params, batchesOf(pieces.test, 32)),
    },
    setting: { ...result.setting, dropout, ...(segment && { segment }), ...(piece && { piece }) },
  })}\n`,
);
