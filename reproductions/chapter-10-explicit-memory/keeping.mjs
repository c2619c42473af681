// X10: what a row of a memory that nobody writes to hands on from step to step, beside the state of an LSTM and of a plain net.

import {
  add,
  chain,
  defineCell,
  eraseAndAdd,
  fromArray,
  grad,
  Key,
  lstm,
  mul,
  normal,
  read,
  reshape,
  rnn,
  sigmoid,
  singularValues,
  softmax,
  sum,
  tanh,
  unfold,
} from "longspan";

const [rows, width, hidden, input] = [8, 4, 16, 4];
export const lags = [1, 2, 4, 8, 16, 32, 64, 128];

/** Writes over all rows but the first two, by erasing and adding, where and what its input says. */
const memory = defineCell({
  name: "memory",
  inputs: () => ({ weights: [rows], erase: [width], add: [width] }),
  state: () => ({ memory: [rows, width] }),
  params: () => ({}),
  step({ weights, erase, add, memory: old }) {
    const next = eraseAndAdd(
      old,
      reshape(weights, [1, rows]),
      reshape(erase, [1, width]),
      reshape(add, [1, width]),
    );
    return { state: { memory: next }, output: next };
  },
})(undefined);

/** @returns for each lag k, the greatest and the least singular value of d state(t + k) / d state(t): of rows, or of the whole state */
export async function keeping({ cell, seed }) {
  const out = [];
  for (const lag of lags) out.push(await valuesAt(cell, lag, Key.of(seed)));
  return { values: out };
}

async function valuesAt(name, lag, key) {
  if (name === "lstm" || name === "rnn") {
    const cell = { lstm, rnn }[name]({ input, hidden });
    const params = cell.init(key.fold(1), "float64");
    return ends(await jacobian(cell, params, { x: normal(key.fold(2), [lag, input], "float64") }, lag));
  }
  const drawn = await read(softmax(normal(key.fold(3), [lag, rows - 2], "float64")));
  const weights = new Float64Array(lag * rows);
  for (let t = 0; t < lag; t++)
    weights.set(drawn.subarray(t * (rows - 2), (t + 1) * (rows - 2)), t * rows + 2);
  const inputs = {
    weights: fromArray(weights, [lag, rows], "float64"),
    erase: sigmoid(normal(key.fold(4), [lag, width], "float64")),
    add: tanh(normal(key.fold(5), [lag, width], "float64")),
  };
  const { values, size } = await jacobian(memory, {}, inputs, lag);
  // The block of the first two rows, which nobody writes to, or that of the others.
  const kept = 2 * width;
  const [from, to] = name === "unwritten rows" ? [0, kept] : [kept, size];
  const block = Float64Array.from(
    { length: (to - from) ** 2 },
    (_, k) => values[(from + Math.floor(k / (to - from))) * size + from + (k % (to - from))],
  );
  return ends({ values: block, size: to - from });
}

function ends({ values, size }) {
  const found = singularValues(values, size, size);
  return [found[0], found.at(-1)];
}

/** d final state / d initial state of a sequence, all slots one after the other: a copy of the sequence for each of its rows. */
async function jacobian(cell, params, inputs, lag) {
  const slots = Object.entries(cell.state).map(([name, shape]) => [
    name,
    shape,
    shape.reduce((a, b) => a * b, 1),
  ]);
  const size = slots.reduce((total, [, , n]) => total + n, 0);
  const structure = chain(Array(size).fill(lag));
  const repeated = {};
  for (const [name, v] of Object.entries(inputs)) {
    const own = await read(v);
    const all = new Float64Array(size * own.length);
    for (let k = 0; k < size; k++) all.set(own, k * own.length);
    repeated[name] = structure.pack(fromArray(all, [size * lag, ...v.shape.slice(1)], "float64"));
  }
  const initial = {};
  const chosen = {};
  let at = 0;
  for (const [k, [name, shape, n]] of slots.entries()) {
    const start = await read(mul(normal(Key.of(7).fold(k), [n], "float64"), 0.5));
    const all = new Float64Array(size * n);
    const unit = new Float64Array(size * n);
    for (let row = 0; row < size; row++) all.set(start, row * n);
    for (let i = 0; i < n; i++) unit[(at + i) * n + i] = 1;
    initial[name] = fromArray(all, [size, ...shape], "float64");
    chosen[name] = fromArray(unit, [size, ...shape], "float64");
    at += n;
  }
  const g = grad((first) => {
    const { final } = unfold(cell, params, repeated, structure, { initial: first });
    return Object.entries(chosen)
      .map(([name, d]) => sum(mul(final[name], d)))
      .reduce((a, b) => add(a, b));
  })(initial);
  const values = new Float64Array(size * size);
  at = 0;
  for (const [name, , n] of slots) {
    const own = await read(g[name]);
    for (let row = 0; row < size; row++) values.set(own.subarray(row * n, (row + 1) * n), row * size + at);
    at += n;
  }
  return { values, size };
}
