// A training step of cells that are linear in their state (scans) beside LSTMs.
// node benchmarks/linear-recurrences.mjs [--shape 1000,16,256,256 --rounds 21 --threads 1]   (after npm run build)
//
// A step is a forward pass over T steps of B sequences with I inputs, and a backward pass from a fixed cotangent of the output to all
// parameters; no optimiser. Before anything is timed, outputs and gradients of the scans are held against the loop over nodes, which is the
// definition, over sequences of different lengths: the largest difference may be 1e-4 of the largest entry. All sides take a turn in each
// round, every other round in reverse order. A ratio is that of a round, to minGRU, by processor time, which other work on the machine
// touches less.

import { parseArgs } from "node:util";
import {
  chain,
  defaultExecutor,
  Key,
  leaves,
  linearRecurrentUnit,
  lstm,
  mingru,
  minlstm,
  normal,
  onCpu,
  scope,
  unfold,
  useThreads,
  vjp,
} from "./longspan.mjs";
import { median, processorTime, quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    shape: { type: "string", default: "1000,16,256,256" },
    rounds: { type: "string", default: "21" },
    threads: { type: "string", default: "1" },
  },
});
const [T, B, I, H] = values.shape.split(",").map(Number);
const rounds = Number(values.rounds);
useThreads(Number(values.threads));

const parametersOf = (cell) => leaves(cell.init(Key.of(1))).reduce((n, p) => n + p.size, 0);
/** Units of the LSTM whose number of parameters comes next to that of minGRU, from above. */
function equalUnits() {
  const wanted = parametersOf(mingru({ input: I, hidden: H }));
  let units = 1;
  while (4 * units * (I + units + 1) < wanted) units++;
  return units;
}

const sizes = { input: I, hidden: H };
const equal = equalUnits();
const cells = {
  minGRU: mingru(sizes),
  minLSTM: minlstm(sizes),
  "linear recurrent unit": linearRecurrentUnit(sizes),
  [`LSTM of equal units, ${H}`]: lstm(sizes),
  [`LSTM of equal parameters, ${equal} units`]: lstm({ input: I, hidden: equal }),
};

/** Output and gradients. */
function step(cell, params, x, seed, structure, options) {
  const { value, pullback, dispose } = vjp((p) => unfold(cell, p, { x }, structure, options).output, params);
  const grads = pullback(seed);
  dispose();
  return [value, ...leaves(grads)];
}

function check(name, cell, units) {
  const structure = chain([9, 40, 1, 33]);
  const [x, seed] = [I, units].map((n, i) => normal(Key.of(i), [structure.nodes, n]));
  const params = cell.init(Key.of(4));
  const results = (loop) => step(cell, params, x, seed, structure, { loop }).map((t) => onCpu(t).toArray());
  const plain = results("plain");
  for (const [i, ours] of results("compiled").entries()) {
    const largest = plain[i].reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const apart = ours.reduce((m, v, j) => Math.max(m, Math.abs(v - plain[i][j])), 0);
    if (!(apart <= 1e-4 * largest))
      throw new Error(`${name}: ${apart} away from the loop over nodes, of ${largest}`);
  }
}

const structure = chain(new Array(B).fill(T));
const sides = Object.entries(cells).map(([name, cell]) => {
  const units = Object.values(cell.state)[0][0];
  scope(() => check(name, cell, units));
  const [x, seed] = [I, units].map((n, i) => normal(Key.of(i), [structure.nodes, n]));
  const params = cell.init(Key.of(4));
  const run = () => {
    for (const t of step(cell, params, x, seed, structure)) t.dispose();
  };
  return { name, run, parameters: parametersOf(cell), times: [] };
});

for (let round = -2; round < rounds; round++)
  for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
    const time = processorTime(side.run);
    if (round >= 0) side.times.push(time);
  }

console.log(
  `node ${process.version}, executor ${defaultExecutor().name}, T,B,I,H = ${values.shape}, ${rounds} rounds, ${values.threads} thread`,
);
console.log("training step                            parameters       ms   x minGRU   (quartiles)");
for (const { name, parameters, times } of sides) {
  const ratios = times.map((t, r) => t / sides[0].times[r]);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q).toFixed(2));
  console.log(
    `${name.padEnd(40)} ${String(parameters).padStart(10)} ${median(times).toFixed(1).padStart(8)} ${middle.padStart(10)}   (${low}, ${high})`,
  );
}
