// Measures what the flow penalty costs, as a multiple of a plain gradient, and what a look at the flow of gradients takes.
// node benchmarks/flow.mjs [--shape 100,32,128,128 --rounds 15]   (after npm run build)
//
// A plain step is the gradient of a squared error at all steps with respect to the parameters. In each round every form takes one
// step, every other round in reverse order; a ratio is that of a round, by processor time, which other work on the machine touches
// less, and the median of rounds is printed. The look is what `--watch-flow` takes: norms by lag alone, of the loss at the last step.

import { parseArgs } from "node:util";
import {
  add,
  chain,
  defaultExecutor,
  flowPenalty,
  flowReport,
  Key,
  lstm,
  mul,
  normal,
  rnn,
  scope,
  square,
  sub,
  sum,
  unfold,
  valueAndGrad,
} from "./longspan.mjs";
import { processorTime, quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    shape: { type: "string", default: "100,32,128,128" },
    rounds: { type: "string", default: "15" },
  },
});
const [T, B, I, H] = values.shape.split(",").map(Number);
const rounds = Number(values.rounds);

console.log(
  `node ${process.version}, executor ${defaultExecutor().name}, T,B,I,H = ${values.shape}, ${rounds} rounds`,
);
console.log("cell    form     ms a step   x plain   (quartiles)");
for (const make of [rnn, lstm]) await measure(make({ input: I, hidden: H }));

async function measure(cell) {
  const params = cell.init(Key.of(1));
  const x = normal(Key.of(2), [T * B, I]);
  const y = normal(Key.of(3), [T * B, H]);
  const structure = chain(Array.from({ length: B }, () => T));
  const f = (p) => ({ loss: sum(square(sub(unfold(cell, p, { x }, structure).output, y))), aux: null });
  const penalised = (gradient) => (p) => {
    const { loss, omega } = flowPenalty(f, p, { gradient });
    return add(loss, mul(omega, 4));
  };
  const steps = new Map([["plain", valueAndGrad((p) => f(p).loss)]]);
  for (const form of ["paper", "book", "exact"]) steps.set(form, valueAndGrad(penalised(form)));

  const times = new Map([...steps.keys()].map((form) => [form, []]));
  for (let round = 0; round <= rounds; round++) {
    const order = [...steps];
    if (round % 2 === 1) order.reverse();
    for (const [form, step] of order) {
      const taken = processorTime(() => scope(() => void step(params)));
      // The first round compiles.
      if (round > 0) times.get(form).push(taken);
    }
  }
  const plain = times.get("plain");
  for (const [form, list] of times) {
    const ratios = list.map((t, k) => t / plain[k]);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q).toFixed(2));
    console.log(
      `${cell.name.padEnd(8)}${form.padEnd(9)}${quantile(list, 0.5).toFixed(1).padStart(9)}${middle.padStart(10)}   (${low}, ${high})`,
    );
  }

  const last = (p) => sum(square(unfold(cell, p, { x }, structure).final.h));
  const look = { jacobians: 0, exponents: 0, weights: false };
  await flowReport(last, params, look);
  const looks = [];
  for (let k = 0; k < 5; k++) {
    const begin = performance.now();
    await flowReport(last, params, look);
    looks.push(performance.now() - begin);
  }
  const ms = quantile(looks, 0.5);
  const share = ms / quantile(plain, 0.5);
  console.log(
    `${cell.name.padEnd(8)}a look   ${ms.toFixed(1).padStart(9)}${share.toFixed(2).padStart(10)}   every 100 steps: ${share.toFixed(2)} % of their time`,
  );
}
