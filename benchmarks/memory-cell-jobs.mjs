// Cells with matrix states, as a user writes them.

import {
  abs,
  add,
  cosineScores,
  defineCell,
  div,
  exp,
  matmul,
  maximum,
  mul,
  reshape,
  roll,
  rowMembers,
  sharpen,
  sigmoid,
  slice,
  softmax,
  softplus,
  split,
  sub,
  sum,
  tanh,
} from "./longspan.mjs";

/** Consecutive parts of a vector, of the given sizes. */
const parts = (x, sizes) => {
  let end = 0;
  return sizes.map((n) => {
    end += n;
    return slice(x, 0, end - n, end);
  });
};
const logSigmoid = (x) => sub(0, softplus(sub(0, x)));
const named = (shape) => ({ shape, initialise: () => undefined });

/** A neural Turing machine: memory [N, W], an LSTM as controller, one head that reads and one that writes. */
function ntm({ input = 9, output = 8, hidden: H = 100, rows: N = 128, width: W = 20, steps = 42 } = {}) {
  const head = W + 6;
  const column = (w) => reshape(w, [N, 1]);
  /** Weights [N] of a head from what the controller says and from its weights before. */
  const address = (said, memory, before) => {
    const [key, strength, gate, shift, power] = parts(said, [W, 1, 1, 3, 1]);
    const scores = cosineScores(tanh(key), memory, softplus(reshape(strength, [])));
    const content = softmax(scores);
    const g = sigmoid(gate);
    const mixed = add(mul(g, content), mul(sub(1, g), before));
    const [back, stay, on] = split(softmax(shift), 3);
    const shifted = add(add(mul(back, roll(mixed, -1, 0)), mul(stay, mixed)), mul(on, roll(mixed, 1, 0)));
    return sharpen(shifted, add(1, softplus(power)), rowMembers);
  };
  const cell = defineCell({
    name: "ntm",
    inputs: () => ({ x: [input] }),
    state: () => ({ h: [H], s: [H], r: [W], memory: [N, W], read: [N], write: [N] }),
    params: () => ({
      U: named([input, 4 * H]),
      C: named([W, 4 * H]),
      R: named([H, 4 * H]),
      b: named([4 * H]),
      V: named([H, 2 * head + 2 * W]),
      c: named([2 * head + 2 * W]),
      O: named([H, output]),
      Q: named([W, output]),
      d: named([output]),
    }),
    step({ x, h, s, r, memory, read, write }, { U, C, R, b, V, c, O, Q, d }) {
      const [i, f, g, o] = split(add(add(add(matmul(x, U), matmul(r, C)), matmul(h, R)), b), 4);
      const next = add(mul(sigmoid(f), s), mul(sigmoid(i), tanh(g)));
      const hidden = mul(sigmoid(o), tanh(next));
      const [ofReader, ofWriter, erase, content] = parts(add(matmul(hidden, V), c), [head, head, W, W]);
      const w = address(ofReader, memory, read);
      const found = matmul(w, memory);
      const to = address(ofWriter, memory, write);
      const kept = mul(memory, sub(1, mul(column(to), sigmoid(erase))));
      const written = add(kept, mul(column(to), tanh(content)));
      const result = add(add(matmul(hidden, O), matmul(found, Q)), d);
      return { state: { h: hidden, s: next, r: found, memory: written, read: w, write: to }, output: result };
    },
  })(undefined);
  return {
    name: `NTM ${N} x ${W}, controller ${H}, T = ${steps}`,
    cell,
    steps,
    inputs: { x: input },
    initial: { memory: [N, W], read: [N], write: [N] },
  };
}

/** The delta rule: S <- S + beta (v - S k) k'. */
function delta({ width: d = 64, steps = 100 } = {}) {
  const cell = defineCell({
    name: "delta",
    inputs: () => ({ x: [d] }),
    state: () => ({ S: [d, d] }),
    params: () => ({ K: named([d, d]), V: named([d, d]), Q: named([d, d]), B: named([d, 1]) }),
    step({ x, S }, { K, V, Q, B }) {
      const k = softmax(matmul(x, K));
      const [v, q, beta] = [matmul(x, V), softmax(matmul(x, Q)), sigmoid(matmul(x, B))];
      const error = mul(beta, sub(v, matmul(S, k)));
      const next = add(S, mul(reshape(error, [d, 1]), k));
      return { state: { S: next }, output: matmul(next, q) };
    },
  })(undefined);
  return {
    name: `delta rule, d = ${d}, T = ${steps}`,
    cell,
    steps,
    inputs: { x: d },
    initial: { S: [d, d] },
  };
}

/** mLSTM of xLSTM: C <- f C + i v k', n <- f n + i k, with a stabiliser. */
function mlstm({ width: d = 64, steps = 100 } = {}) {
  const cell = defineCell({
    name: "mlstm",
    inputs: () => ({ x: [d] }),
    state: () => ({ C: [d, d], n: [d], m: [1] }),
    params: () => ({
      K: named([d, d]),
      V: named([d, d]),
      Q: named([d, d]),
      I: named([d, 1]),
      F: named([d, 1]),
      O: named([d, d]),
    }),
    step({ x, C, n, m }, { K, V, Q, I, F, O }) {
      const [k, v, q] = [mul(matmul(x, K), 1 / Math.sqrt(d)), matmul(x, V), matmul(x, Q)];
      const [i, f] = [matmul(x, I), logSigmoid(matmul(x, F))];
      const top = maximum(add(f, m), i);
      const [keep, put] = [exp(sub(add(f, m), top)), exp(sub(i, top))];
      const next = add(mul(keep, C), mul(reshape(mul(put, v), [d, 1]), k));
      const norm = add(mul(keep, n), mul(put, k));
      const scale = maximum(abs(sum(mul(norm, q))), exp(sub(0, top)));
      const output = mul(sigmoid(matmul(x, O)), div(matmul(next, q), scale));
      return { state: { C: next, n: norm, m: top }, output };
    },
  })(undefined);
  const initial = { C: [d, d], n: [d], m: [1] };
  return { name: `mLSTM, d = ${d}, T = ${steps}`, cell, steps, inputs: { x: d }, initial };
}

export const memoryCells = { ntm, delta, mlstm };
