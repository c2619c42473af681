// What is measured: jobs, shapes, and the numbers that all sides compute with.

import {
  add,
  defineCell,
  glorot,
  gruResetAfter,
  lstm,
  matmul,
  mul,
  orthogonal,
  rnn,
  sigmoid,
  split,
  tanh,
  zerosInit,
} from "./longspan.mjs";

/** An LSTM with peepholes as a user would write it: there is no kernel for it anywhere. */
const ownCell = defineCell({
  name: "own",
  inputs: ({ input }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [hidden], s: [hidden] }),
  params: ({ input, hidden }) => ({
    U: glorot(input, hidden, { gates: 4 }),
    W: orthogonal(hidden, hidden, { gates: 4 }),
    b: zerosInit(4 * hidden),
    p: zerosInit(3 * hidden),
  }),
  step({ x, h, s }, { U, W, b, p }) {
    const [f, g, i, q] = split(add(add(matmul(x, U), b), matmul(h, W)), 4);
    const [pf, pg, pq] = split(p, 3);
    const forget = sigmoid(add(f, mul(pf, s)));
    const write = sigmoid(add(g, mul(pg, s)));
    const kept = add(mul(forget, s), mul(write, tanh(i)));
    const out = mul(tanh(kept), sigmoid(add(q, mul(pq, kept))));
    return { state: { h: out, s: kept }, output: out };
  },
});

/**
 * By name. kind: what peers know the cell by; cell: ours, from its sizes; gates: how many times H columns the products have;
 * training: whether gradients are formed; step: one step of a sequence per call, with the state carried. The GRU is the form that peers have, with the reset after the product.
 */
export const jobs = {
  "lstm train": { kind: "lstm", gates: 4, training: true, cell: lstm },
  "lstm infer": { kind: "lstm", gates: 4, training: false, cell: lstm },
  "gru train": { kind: "gru", gates: 3, training: true, cell: gruResetAfter },
  "rnn train": { kind: "rnn", gates: 1, training: true, cell: rnn },
  "own cell train": { kind: "own", gates: 4, training: true, cell: ownCell },
  "lstm step": { kind: "lstm", gates: 4, training: false, cell: lstm, step: true },
};

/** A step at a time is for one sequence. */
export const applies = (name, { B }) => !jobs[name].step || B === 1;

export const shapes = [
  "100,32,128,128",
  "100,64,256,256",
  "35,20,200,200",
  "784,100,1,128",
  "50,128,512,512",
  "100,1,128,128",
  "1000,16,64,64",
];

/** @param text T,B,I,H */
export function parseShape(text) {
  const numbers = text.split(",").map(Number);
  if (numbers.length !== 4 || !numbers.every((n) => Number.isInteger(n) && n > 0))
    throw new Error(`a shape is T,B,I,H, four positive integers, got "${text}"`);
  const [T, B, I, H] = numbers;
  return { T, B, I, H };
}

/** Operations of the products: two per multiply-add; the backward pass has twice those of the forward. */
export function flops({ gates, training, step }, { T, B, I, H }) {
  return (training ? 3 : 1) * 2 * (step ? 1 : T) * B * gates * H * (I + H);
}

/** One job at one shape, with the numbers that all sides get: inputs, parameters and the cotangent of the output. */
export function task(name, shape, job = jobs[name]) {
  const { T, B, I, H } = shape;
  const cell = job.cell({ input: I, hidden: H });
  const draw = random(1);
  const array = (size, limit) => Float32Array.from({ length: size }, () => limit * (2 * draw() - 1));
  const limit = 1 / Math.sqrt(H);
  const params = Object.fromEntries(
    Object.entries(cell.specs).map(([key, { shape: dims }]) => [
      key,
      {
        shape: dims,
        data: array(
          dims.reduce((p, n) => p * n, 1),
          limit,
        ),
      },
    ]),
  );
  const x = { shape: [T, B, I], data: array(T * B * I, Math.sqrt(3)) };
  const seed = { shape: [T, B, H], data: array(T * B * H, 1) };
  return { name, job, cell, shape, x, params, seed };
}

/** Uniform numbers in [0, 1), the same on every machine. */
export function random(seed) {
  let s = seed;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
