// One run: a net learns to predict the notes of the next step. Given by run.mjs; prints its result as a line of JSON.

import { bernoulliCrossEntropyMean, bernoulliCrossEntropySum, Key, leaves, onCpu, scope } from "longspan";
import { draws } from "../pairs.mjs";
import { trainKept } from "../training.mjs";
import { netOf } from "./models.mjs";
import { batchesOf, cut, readPieces } from "./pieces.mjs";

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const [set, name] = arm.split("-");
/** Chorales are read whole; the longer tunes are learned in pieces, each from nothing, and are read whole when they are tried. */
const { size, rate, dropout, piece } = {
  jsb: { size: 8, rate: 0.005, dropout: 0.1, piece: Number.POSITIVE_INFINITY },
  nottingham: { size: 32, rate: 0.01, dropout: 0, piece: 50 },
}[set];
const pieces = readPieces(data, set);
const training = batchesOf(cut(pieces.training, piece), size);
const net = netOf(name, dropout);
const [forInit, forOrder, forTraining] = Key.of(seed).split(3);

const orders = new Map();
/** The batch of a step: all once in each epoch. */
function batch(step) {
  const epoch = Math.floor(step / training.length);
  if (!orders.has(epoch)) orders.set(epoch, draws(forOrder.fold(epoch)).shuffled(training));
  return orders.get(epoch)[step % training.length];
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
    carriedAtStart: () => ({}),
    loss: (params, some, carried, key) => ({
      loss: bernoulliCrossEntropyMean(net.logits(params, some, key), some.y),
      carried,
    }),
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
    epochs: { best: Math.round(best.step / training.length) },
    nats: {
      training: nats(best.params, batchesOf(pieces.training.slice(0, 300), 32)),
      validation: best.loss,
      test: nats(best.params, batchesOf(pieces.test, 32)),
    },
    setting: { ...result.setting, dropout, ...(piece < 1000 ? { piece } : {}) },
  })}\n`,
);
