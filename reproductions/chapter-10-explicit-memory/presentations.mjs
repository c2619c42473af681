// X12: how often N facts have to be shown to a net that stores them in its weights, and to a memory that writes each into a row.

import {
  adam,
  add,
  argmax,
  chain,
  cosineScores,
  crossEntropyMean,
  defineCell,
  eraseAndAdd,
  fromArray,
  glorot,
  Key,
  matmul,
  mul,
  oneHot,
  ones,
  read,
  readRows,
  reshape,
  rowMembers,
  scope,
  sgd,
  slice,
  startTraining,
  tanh,
  train,
  unfold,
  uniform,
  weightsOfScores,
  zeros,
} from "longspan";

/** A fact: a key of -1 and 1, and one of so many answers. */
const [keySize, answers, hidden] = [16, 8, 64];
/** Passes after which a net is given up. */
const most = 300;

/** Facts that are to be stored. */
export const counts = [8, 16, 32, 64, 128, 256];

/** @returns for each number of facts, the passes until all are answered rightly; null if that takes more than `most` */
export async function presentations(run) {
  const passes = [];
  for (const count of counts) passes.push(await passesOf({ ...run, count }));
  return { passes };
}

async function passesOf({ store, count, rate, seed }) {
  const key = Key.of(seed).fold(count);
  const bits = await read(uniform(key.fold(0), [count, keySize]));
  const drawn = await read(uniform(key.fold(1), [count]));
  const facts = {
    count,
    keys: Float32Array.from(bits, (u) => (u < 0.5 ? -1 : 1)),
    right: Int32Array.from(drawn, (u) => Math.floor(u * answers)),
  };
  if (store === "memory") return (await answersAfterWriting(facts)) ? 1 : null;
  const optimiser = { sgd, adam }[store]({ learningRate: rate });
  return await passesOfLearning(facts, optimiser, key);
}

/** Writes each fact once, into a row of its own, and asks for all of them by their keys. */
async function answersAfterWriting({ count, keys, right }) {
  const width = keySize + answers;
  const writing = defineCell({
    name: "writing",
    inputs: () => ({ row: { shape: [], dtype: "int32" }, fact: [1, width] }),
    state: () => ({ memory: [count, width] }),
    params: () => ({}),
    step({ row, fact, memory }) {
      const next = eraseAndAdd(memory, reshape(oneHot(row, count), [1, count]), mul(fact, 0), fact);
      return { state: { memory: next }, output: row };
    },
  })(undefined);
  const [facts, questions] = [new Float32Array(count * width), new Float32Array(count * width)];
  for (let i = 0; i < count; i++) {
    const own = keys.subarray(i * keySize, (i + 1) * keySize);
    for (const rows of [facts, questions]) rows.set(own, i * width);
    facts[i * width + keySize + right[i]] = 1;
  }
  const row = fromArray(
    Int32Array.from({ length: count }, (_, i) => i),
    [count],
    "int32",
  );
  const fact = fromArray(facts, [count, 1, width]);
  const memory = reshape(unfold(writing, {}, { row, fact }, chain([count])).final.memory, [count, width]);
  const scores = cosineScores(fromArray(questions, [count, 1, width]), memory, mul(ones([count, 1]), 50));
  const answered = slice(readRows(weightsOfScores(scores, rowMembers), memory), 1, keySize, width);
  return same(await read(argmax(answered)), right);
}

/** Shows the facts one by one, in an order that each pass draws anew, to a net with a hidden layer. */
async function passesOfLearning({ count, keys, right }, optimiser, key) {
  const specs = { U: glorot(keySize, hidden), V: glorot(hidden, answers) };
  const params = {
    U: specs.U.initialise(key.fold(2), [keySize, hidden], "float32"),
    b: zeros([hidden]),
    V: specs.V.initialise(key.fold(3), [hidden, answers], "float32"),
    c: zeros([answers]),
  };
  const net = ({ U, b, V, c }, x) => add(matmul(tanh(add(matmul(x, U), b)), V), c);
  const orders = [];
  for (let pass = 0; pass < most; pass++) {
    const drawn = await read(uniform(key.fold(4).fold(pass), [count]));
    orders.push([...drawn.keys()].sort((a, b) => drawn[a] - drawn[b]));
  }
  const task = {
    capturable: true,
    batch(step) {
      const i = orders[Math.floor(step / count) % most][step % count];
      return { x: keys.slice(i * keySize, (i + 1) * keySize), y: right.slice(i, i + 1) };
    },
    predictions: () => 1,
    carriedAtStart: () => ({}),
    loss: (p, { x, y }, carried) => ({
      loss: crossEntropyMean(net(p, fromArray(x, [1, keySize])), fromArray(y, [1], "int32")),
      carried,
    }),
  };
  let passes = null;
  const signal = { aborted: false };
  const onStep = async ({ step, params: p }) => {
    if (step % count !== 0) return;
    const found = scope(() => argmax(net(p, fromArray(keys, [count, keySize]))));
    if (!same(await read(found), right)) return;
    passes = step / count;
    signal.aborted = true;
  };
  await train(task, startTraining(task, optimiser, params), {
    optimiser,
    budget: { steps: most * count },
    key: key.fold(5),
    signal,
    callbacks: [{ onStep }],
  });
  return passes;
}

function same(found, right) {
  return right.every((answer, i) => found[i] === answer);
}
