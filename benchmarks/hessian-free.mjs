// Measures what a Gauss-Newton product costs, in gradients, of a plain recurrent net and of an LSTM with one answer per sequence.
// node benchmarks/hessian-free.mjs [--shape 100,100,2,100 --rounds 20]   (after npm run build)
//
// In each round a gradient, a product, a product with structural damping, a product of the Hessian, and the recording of the
// curvature are timed once, every other round in reverse order; a ratio is that of a round, by processor time. A product is checked against
// differences of the model's outputs first.

import { parseArgs } from "node:util";
import {
  add,
  chain,
  defaultExecutor,
  gaussNewton,
  hessianVectorProduct,
  Key,
  leaves,
  linear,
  lstm,
  mapTree,
  mapTrees,
  meanSquaredErrorMean,
  mul,
  normal,
  onCpu,
  rnn,
  scope,
  sub,
  sum,
  unfold,
  valueAndGrad,
} from "./longspan.mjs";
import { quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: { shape: { type: "string", default: "100,100,2,100" }, rounds: { type: "string", default: "20" } },
});
const [T, B, I, H] = values.shape.split(",").map(Number);
const rounds = Number(values.rounds);
const structure = chain(new Array(B).fill(T));
const x = normal(Key.of(2), [structure.nodes, I]);
const target = normal(Key.of(3), [B, 1]);

/** What is timed. The states come from the unfold that gives the outputs, as in `hessianFree`. */
function jobs(cell) {
  const readout = linear({ input: H, output: 1 });
  const params = { cell: cell.init(Key.of(1)), readout: readout.init(Key.of(4)) };
  const answers = (p, { final }) => meanSquaredErrorMean(readout.apply(p.readout, final.h), target);
  const loss = (p) => answers(p, unfold(cell, p.cell, { x }, structure));
  const besideStates = (p) => {
    const run = unfold(cell, p.cell, { x }, structure, { states: true });
    const beside = Object.values(run.states).map((value) => ({ value, weight: 1 / B }));
    return { loss: answers(p, run), beside };
  };
  let k = 10;
  const v = mapTree(params, (p) => normal(Key.of(k++), p.shape));
  const curvature = gaussNewton(loss, params);
  const damped = gaussNewton(besideStates, params);
  check(params, v, curvature, (p) =>
    readout.apply(p.readout, unfold(cell, p.cell, { x }, structure).final.h),
  );
  return {
    gradient: () => valueAndGrad(loss)(params),
    product: () => curvature.product(v),
    "with states": () => damped.product(v, 0.03),
    "of the Hessian": () => hessianVectorProduct(loss)(params, v),
    recording: () => gaussNewton(loss, params).dispose(),
  };
}

/** v' G v against 2 |J v|^2 / B, J v from differences. */
function check(params, v, curvature, outputs) {
  const e = 1e-3;
  const moved = (by) => outputs(mapTrees(params, [v], ([p, d]) => add(p, mul(d, by * e))));
  const Jv = mul(sub(moved(1), moved(-1)), 0.5 / e);
  const expected = (2 * onCpu(sum(mul(Jv, Jv))).item()) / B;
  const Gv = leaves(curvature.product(v));
  const found = leaves(v).reduce((s, d, i) => s + onCpu(sum(mul(d, Gv[i]))).item(), 0);
  if (!(Math.abs(found - expected) < 0.02 * expected))
    throw new Error(`v'Gv is ${found}, differences give ${expected}`);
}

const processor = (run) => {
  const before = process.cpuUsage();
  scope(() => void run());
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

console.log(
  `node ${process.version}, executor ${defaultExecutor().name}, T,B,I,H = ${values.shape}, ${rounds} rounds`,
);
console.log("cell  what                   ms   in gradients   (quartiles)");
for (const cell of [rnn({ input: I, hidden: H }), lstm({ input: I, hidden: H })]) {
  const timed = jobs(cell);
  const names = Object.keys(timed);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -3; round < rounds; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const ms = processor(timed[name]);
      if (round >= 0) times[name].push(ms);
    }
  for (const name of names) {
    const ratios = times[name].map((t, r) => t / times.gradient[r]);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q).toFixed(2));
    console.log(
      [
        cell.name.padEnd(5),
        name.padEnd(15),
        quantile(times[name], 0.5).toFixed(1).padStart(9),
        middle.padStart(14),
        `(${low}, ${high})`.padStart(15),
      ].join(" "),
    );
  }
}
