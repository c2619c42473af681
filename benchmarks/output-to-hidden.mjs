// A training step of a net whose only recurrence is from its output (R2): teacher forcing takes the loop over time away.
// node benchmarks/output-to-hidden.mjs [--shape 100,32,8,128 --rounds 60 --threads 1]   (after npm run build)
//
// A step is the loss and its gradient to every parameter, captured as in training; no optimiser. T, B, features of the input and of the target, H. All sides take a
// turn in each round, every other round in reverse order. A ratio is that of a round, to the step with teacher forcing,
// by processor time, which other work on the machine touches less.

import { parseArgs } from "node:util";
import {
  capture,
  chain,
  defaultExecutor,
  fedBack,
  freeRunning,
  gaussianOutput,
  Key,
  mean,
  normal,
  outputToHidden,
  rnn,
  scope,
  teacherForcing,
  unfold,
  useThreads,
  valueAndGrad,
} from "./longspan.mjs";
import { median, processorTime, quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    shape: { type: "string", default: "100,32,8,128" },
    rounds: { type: "string", default: "60" },
    threads: { type: "string", default: "1" },
  },
});
const [T, B, F, H] = values.shape.split(",").map(Number);
const rounds = Number(values.rounds);
useThreads(Number(values.threads));

const structure = chain(new Array(B).fill(T));
const [x, context, y] = [1, 2, 3].map((seed) => normal(Key.of(seed), [structure.nodes, F]));
const output = gaussianOutput({ features: F, scale: 1 });
const sides = {
  "output to hidden, teacher forcing": outputToHidden({
    hidden: H,
    context: F,
    output,
    regime: teacherForcing(),
  }),
  "output to hidden, free running": outputToHidden({
    hidden: H,
    context: F,
    output,
    regime: freeRunning({ feed: "mean" }),
  }),
  "hidden to hidden, teacher forcing": fedBack({
    cell: rnn({ input: 2 * F, hidden: H }),
    output,
    regime: teacherForcing(),
  }),
};

const steps = Object.entries(sides).map(([name, cell]) => {
  const params = cell.init(Key.of(4));
  const gradient = capture((p, data) =>
    valueAndGrad((at) =>
      mean(
        output.lossPerRow(unfold(cell, at, { x: data.x, context: data.context }, structure).output, data.y),
      ),
    )(p),
  );
  return { name, times: [], run: () => scope(() => void gradient(params, { x, context, y })) };
});

for (let round = -6; round < rounds; round++)
  for (const step of round % 2 === 0 ? steps : steps.toReversed()) {
    const times = processorTime(step.run);
    if (round >= 0) step.times.push(times);
  }

console.log(
  `node ${process.version}, executor ${defaultExecutor().name}, T,B,F,H = ${values.shape}, ${rounds} rounds, ${values.threads} thread`,
);
console.log("step                                    ms   x teacher forcing   (quartiles)");
const [first] = steps;
for (const { name, times } of steps) {
  const ratios = times.map((t, r) => t / first.times[r]);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q).toFixed(2));
  console.log(
    `${name.padEnd(35)} ${median(times).toFixed(2).padStart(6)} ${middle.padStart(19)}   (${low}, ${high})`,
  );
}
