// Measures training steps whose runs are repeated (`capture`) against the same steps called anew.
// node benchmarks/captured.mjs [--steps 200 --rounds 5]   (after npm run build)
//
// A step is that of `train` on temporal order: gradient, clipping by the joint norm, Adam. Both kinds take the same steps, and end with
// the same bits, which is checked. They take turns in one process; the time is that of the processor, the ratio that of a round, and
// the median of rounds is shown.

import { parseArgs } from "node:util";
import {
  adam,
  clipByJointNorm,
  compose,
  Key,
  leaves,
  lstm,
  onCpu,
  recurrent,
  rnn,
  sequenceModel,
  startTraining,
  syntheticTask,
  temporalOrder,
  train,
  withFlowPenalty,
} from "./longspan.mjs";

const { values } = parseArgs({
  options: { steps: { type: "string", default: "200" }, rounds: { type: "string", default: "5" } },
});
const [steps, rounds] = [values.steps, values.rounds].map(Number);

const cells = { rnn, lstm };
const rows = [
  { cell: "rnn", hidden: 50, length: 20, batch: 20 },
  { cell: "rnn", hidden: 50, length: 50, batch: 20 },
  { cell: "rnn", hidden: 50, length: 50, batch: 20, omega: 4 },
  { cell: "lstm", hidden: 64, length: 50, batch: 20 },
  { cell: "lstm", hidden: 128, length: 100, batch: 32 },
  { cell: "lstm", hidden: 256, length: 100, batch: 32 },
];
const optimiser = compose(clipByJointNorm(1), adam());
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Milliseconds per step, and the parameters after the last. */
async function run({ cell, hidden, length, batch, omega }, captured) {
  const problem = temporalOrder({ length });
  const layer = recurrent(cells[cell]({ input: problem.input, hidden }));
  const model = sequenceModel({ layer, features: hidden, output: problem.output });
  const plain = syntheticTask(model, problem, { key: Key.of(1), batch });
  const task = { ...plain, capturable: captured };
  const whole = omega ? withFlowPenalty(task, { weight: omega, gradient: "paper" }) : task;
  const warm = 10;
  let begin = process.cpuUsage();
  const { state } = await train(whole, startTraining(whole, optimiser, model.init(Key.of(2))), {
    optimiser,
    budget: { steps: warm + steps },
    key: Key.of(3),
    reportSeconds: 1e9,
    callbacks: [
      {
        onStep({ step }) {
          if (step === warm) begin = process.cpuUsage();
        },
      },
    ],
  });
  const { user, system } = process.cpuUsage(begin);
  const numbers = leaves(state.params).flatMap((t) => [...onCpu(t).toArray()]);
  for (const t of leaves([state.params, state.optimiser, state.carried])) t.dispose();
  return { ms: (user + system) / 1000 / steps, numbers };
}

console.log("cell  hidden  steps  batch  Omega    called  captured  called/captured");
for (const row of rows) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const [first, second] = [await run(row, round % 2 === 0), await run(row, round % 2 !== 0)];
    const [captured, called] = round % 2 === 0 ? [first, second] : [second, first];
    if (captured.numbers.some((x, i) => !Object.is(x, called.numbers[i])))
      throw new Error("the parameters differ");
    times.push({ captured: captured.ms, called: called.ms, ratio: called.ms / captured.ms });
  }
  const of = (name) => median(times.map((t) => t[name])).toFixed(2);
  const { cell, hidden, length, batch, omega } = row;
  console.log(
    `${cell.padEnd(6)}${String(hidden).padStart(6)}${String(length).padStart(7)}${String(batch).padStart(7)}${(omega ? "yes" : "").padStart(7)}${`${of("called")} ms`.padStart(10)}${`${of("captured")} ms`.padStart(10)}${of("ratio").padStart(17)}`,
  );
}
