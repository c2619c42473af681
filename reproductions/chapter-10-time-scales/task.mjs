// A task with two time scales, and the nets for it.

import {
  add,
  chain,
  defineCell,
  fromArray,
  glorot,
  Key,
  leaky,
  linear,
  matmul,
  onCpu,
  recurrent,
  stacked,
  tanh,
  uniform,
  zerosInit,
} from "longspan";

/** Time constants of the two targets, in steps, and the one with which units begin. */
export const [fast, slow, begun] = [4, 64, 16];
export const [length, batch, units] = [256, 16, 16];

export const arms = {
  learned: "learned, from 16 steps",
  fixed: "fixed at 16 steps",
  drawn: "drawn between 1 and 256 steps, fixed",
};

/** v(t) = tanh(U x(t) + b): no unit sees another, or its own past. All memory is in the leaks around it. */
const latest = defineCell({
  name: "latest",
  inputs: () => ({ x: [2] }),
  state: () => ({ v: [units] }),
  params: () => ({ U: glorot(2, units), b: zerosInit(units) }),
  step({ x }, { U, b }) {
    const v = tanh(add(matmul(x, U), b));
    return { state: { v }, output: v };
  },
})(undefined);

export function netOf(arm) {
  const timeConstants = arm === "drawn" ? { from: 1, to: 256 } : begun;
  return stacked([
    recurrent(leaky(latest, { timeConstants, learned: arm === "learned" })),
    linear({ input: units, output: 2 }),
  ]);
}

const structure = chain(new Array(batch).fill(length));

/** Noise in two channels. Targets: a running average of each, the first fast, the second slow, of variance 1. */
export function examples(key) {
  const noise = onCpu(uniform(key, [batch * length, 2])).toArray();
  const x = noise.map((u) => Math.sqrt(12) * (u - 0.5));
  const y = new Float32Array(x.length);
  [fast, slow].forEach((T, c) => {
    const alpha = Math.exp(-1 / T);
    const scale = Math.sqrt((1 + alpha) / (1 - alpha));
    for (let s = 0; s < batch; s++) {
      let average = 0;
      for (let t = 0; t < length; t++) {
        const at = 2 * (s * length + t) + c;
        average = alpha * average + (1 - alpha) * x[at];
        y[at] = scale * average;
      }
    }
  });
  const rows = (values) => structure.pack(fromArray(values, [batch * length, 2], "float32"));
  return { x: rows(x), y: rows(y), structure };
}

export const heldOut = () => examples(Key.of(0).fold(12345));
