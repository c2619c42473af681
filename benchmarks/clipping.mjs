// Measures what each way of clipping costs, as a share of a training step of an LSTM with Adam.
// node benchmarks/clipping.mjs [--shape 100,32,128,128 --rounds 60]   (after npm run build)
//
// A step is the gradient of a mean squared error, the clipping, the update rule and the new parameters. In each round every way
// takes one step, every other round in reverse order; a ratio is that of a round, to the step without clipping, by processor
// time, which other work on the machine touches less. The quartiles tell how far to trust it. What a treatment of the gradient
// takes by itself, as a share of that step, is less noisy: the gradient is the same every time, with and without clipping.
// Clipping per example needs another gradient; it has rounds of its own.

import { parseArgs } from "node:util";
import {
  adam,
  adaptiveClip,
  applyUpdates,
  chain,
  clipByGroupNorm,
  clipByJointNorm,
  clipByValue,
  clipPerExample,
  compose,
  defaultExecutor,
  jointNorm,
  Key,
  leaves,
  lstm,
  mapTree,
  mean,
  mul,
  normal,
  onCpu,
  scope,
  square,
  sub,
  unfold,
  valueAndGrad,
  valueAndGradPerExample,
  zeros,
} from "./longspan.mjs";
import { quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    shape: { type: "string", default: "100,32,128,128" },
    rounds: { type: "string", default: "60" },
  },
});
const [T, B, I, H] = values.shape.split(",").map(Number);
const rounds = Number(values.rounds);

const cell = lstm({ input: I, hidden: H });
const structure = chain(new Array(B).fill(T));
const x = normal(Key.of(2), [structure.nodes, I]);
const target = normal(Key.of(3), [structure.nodes, H]);
const start = cell.init(Key.of(1));
const errors = (p, options) => square(sub(unfold(cell, p, { x }, structure, options).output, target));
const loss = (p, options) => mean(errors(p, options));
const perExample = valueAndGradPerExample((p) => structure.sumPerSequence(mean(errors(p, {}), 1)));

const firstNorm = onCpu(jointNorm(valueAndGrad(loss)(start, {}).grads)).item();
/** What stands before Adam, and how the gradient is made where that differs. */
const ways = {
  none: {},
  "by value": { clip: clipByValue(firstNorm / 300) },
  "by joint norm": { clip: clipByJointNorm(firstNorm) },
  "by group norm": { clip: clipByGroupNorm(firstNorm / 2) },
  adaptive: { clip: adaptiveClip({ quantile: 0.5 }) },
  "state gradient": { options: { clipState: 1e-6 } },
  "per example": {
    gradient: (p) => clipPerExample(perExample(p).grads, 10 * firstNorm).grads,
  },
};

function runner({ clip, options = {}, gradient = (p) => valueAndGrad(loss)(p, options).grads }) {
  const optimiser = clip ? compose(clip, adam()) : adam();
  let params = scope(() =>
    applyUpdates(start, { U: zeros(start.U.shape), W: zeros(start.W.shape), b: zeros(start.b.shape) }),
  );
  let state = optimiser.init(params);
  return () => {
    const next = scope(() => {
      const step = optimiser.update(gradient(params), state, params);
      return { params: applyUpdates(params, step.updates), state: step.state };
    });
    for (const t of leaves([params, state])) t.dispose();
    ({ params, state } = next);
  };
}

const time = (run) => {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  run();
  const { user, system } = process.cpuUsage(cpu);
  return { wall: performance.now() - wall, processor: (user + system) / 1000 };
};

/** Times of each round by name, after three that do not count. */
function interleaved(names) {
  const steps = names.map((name) => runner(ways[name]));
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -3; round < rounds; round++) {
    const order = [...names.keys()];
    if (round % 2 !== 0) order.reverse();
    for (const i of order) {
      const taken = time(steps[i]);
      if (round >= 0) times[names[i]].push(taken);
    }
  }
  return times;
}

const median = (list) => quantile(list, 0.5);
const processor = (list) => list.map((t) => t.processor);

/** Processor time of a clipping by itself, in ms: the median of runs of 20, over gradients that are clipped and gradients that are not. */
function alone(clip) {
  const { grads } = valueAndGrad(loss)(start, {});
  const small = mapTree(grads, (g) => mul(g, 0.5));
  const runs = [];
  for (let i = 0; i < 20; i++) {
    let state = clip.init(start);
    const { processor } = time(() => {
      for (let k = 0; k < 20; k++)
        state = scope(() => clip.update(k % 2 === 0 ? grads : small, state, start).state);
    });
    runs.push(processor / 20);
  }
  return median(runs);
}

console.log(
  `node ${process.version}, executor ${defaultExecutor().name}, LSTM and Adam, T,B,I,H = ${values.shape}, ${rounds} rounds`,
);
console.log("clipping        ms a step   added, %      (quartiles)   by itself, %");
const report = (times, names) => {
  const step = median(processor(times.none));
  for (const name of names) {
    const added = processor(times[name]).map((t, r) => 100 * (t / times.none[r].processor - 1));
    const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(added, q).toFixed(1));
    const { clip } = ways[name];
    const columns = [
      name.padEnd(15),
      median(times[name].map((t) => t.wall))
        .toFixed(1)
        .padStart(9),
      middle.padStart(10),
      `(${low}, ${high})`.padStart(16),
      clip ? ((100 * alone(clip)) / step).toFixed(2).padStart(14) : "",
    ];
    console.log(columns.join(" ").trimEnd());
  }
};
const batchwise = Object.keys(ways).filter((name) => name !== "per example");
report(interleaved(batchwise), batchwise);
report(interleaved(["none", "per example"]), ["per example"]);
