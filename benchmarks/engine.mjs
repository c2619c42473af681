// Measures the engine by itself: compile time, training speed, the price of a Hessian-vector product.
// node benchmarks/engine.mjs [--hidden 128 --batch 16 --seq 64]   (after npm run build)

import { parseArgs } from "node:util";
import { executableFor, linearized, transposed } from "../packages/longspan/dist/engine.js";
import {
  add,
  chain,
  crossEntropyMean,
  defaultExecutor,
  fromArray,
  grad,
  hessianVectorProduct,
  Key,
  leaves,
  lstm,
  matmul,
  mul,
  normal,
  onCpu,
  sum,
  tanh,
  unfold,
  valueAndGrad,
  zeros,
} from "./longspan.mjs";

const { values } = parseArgs({
  options: { hidden: { type: "string" }, batch: { type: "string" }, seq: { type: "string" } },
});
const H = Number(values.hidden ?? 128);
const B = Number(values.batch ?? 16);
const T = Number(values.seq ?? 64);
const [I, V] = [64, 65];

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
function time(f, runs) {
  f();
  const taken = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    f();
    taken.push(performance.now() - start);
  }
  return median(taken);
}
const release = (tree) => {
  for (const t of leaves(tree)) t.dispose();
};

// Compile time: trace, derive, compile forward and backward. A new input width makes a new cell each time.
let width = 1;
const compile = time(() => {
  const { graph } = lstm({ input: I + width++, hidden: H }).trace("float32");
  const none = graph.sourceSlots.map(() => false);
  const lin = linearized(
    graph,
    graph.values.map(() => true),
    none,
  );
  const t = transposed(lin.tangent, lin.residuals.length, [true], none);
  const structure = chain([T]);
  const attrs = { initials: none, finals: none, backward: { kind: "full" } };
  executableFor({ cell: lin.forward, structure, ...attrs }, defaultExecutor());
  executableFor({ cell: t.cell, structure: structure.transposed(), ...attrs }, defaultExecutor());
}, 15);

const cell = lstm({ input: I, hidden: H });
const params = { cell: cell.init(Key.of(1)), V: mul(normal(Key.of(2), [H, V]), 0.1), c: zeros([V]) };
const structure = chain(new Array(B).fill(T));
const x = normal(Key.of(3), [B * T, I]);
const y = fromArray(
  Int32Array.from({ length: B * T }, (_, i) => (i * 7919) % V),
  [B * T],
  "int32",
);
const step = valueAndGrad((p) =>
  crossEntropyMean(add(matmul(unfold(cell, p.cell, { x }, structure).output, p.V), p.c), y),
);
const training = time(() => release(step(params)), 9);

const loss = (p) => sum(tanh(unfold(cell, p, { x }, structure).output));
const gradient = grad(loss);
const product = hessianVectorProduct(loss);
const ratios = [];
for (let i = 0; i < 5; i++) {
  const g = time(() => release(gradient(params.cell)), 1);
  const h = time(() => release(product(params.cell, params.cell)), 1);
  ratios.push(h / g);
}

const n = 256;
const [a, b] = [normal(Key.of(4), [n, n]), normal(Key.of(5), [n, n])];
const product256 = time(() => matmul(a, b).dispose(), 15);

console.log(`executor             ${defaultExecutor().name}`);
console.log(`product ${n}^3        ${((2 * n ** 3) / product256 / 1e6).toFixed(2)} GFLOP/s`);
console.log(`compile LSTM         ${compile.toFixed(1)} ms, forward and backward`);
console.log(
  `train LSTM           ${training.toFixed(1)} ms per step (T=${T}, B=${B}, I=${I}, H=${H}, ${V} classes), ${Math.round((B * T * 1000) / training)} steps of the cell per second`,
);
console.log(`Hessian-vector       ${median(ratios).toFixed(2)} gradients`);
console.log(`loss                 ${onCpu(step(params).value).item().toFixed(4)}`);
