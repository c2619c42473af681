// Our executors as sides of a comparison.

import {
  chain,
  executor,
  executorReport,
  fromArray,
  leaves,
  matmul,
  onCpu,
  recurrent,
  scope,
  unfold,
  useExecutor,
  vjp,
} from "./longspan.mjs";
import { timed } from "./timing.mjs";

/** One side for each executor that is here and each number of threads that it can be given. */
export function ourSides(names, threadCounts) {
  const report = executorReport();
  return names.flatMap((name) => {
    const status = report.find((e) => e.name === name);
    if (!status?.available) {
      console.error(`no rows for our executor ${name}: ${status?.detail ?? "there is none of that name"}`);
      return [];
    }
    const e = executor(name);
    const counts = "threads" in e.inner ? threadCounts : threadCounts.filter((n) => n === 1);
    return counts.map((threads) => ourSide(e, threads));
  });
}

function ourSide(e, threads) {
  const use = () => {
    useExecutor(e);
    if ("threads" in e.inner) e.inner.threads = threads;
  };
  return {
    name: e.name,
    ours: true,
    use,
    threads,
    version: e.inner.kernels?.instructionSet ?? "TypeScript",
    async prepare(task) {
      use();
      return task.job.step ? steps(task, use) : subject(task, use);
    },
    async gemm(n) {
      use();
      const [a, b] = [n, n + 1].map((seed) => fromArray(new Float32Array(n * n).fill(1 / seed), [n, n]));
      const times = timed(() => matmul(a, b).dispose(), 5);
      a.dispose();
      b.dispose();
      return times;
    },
    async close() {},
  };
}

const tensorOf = ({ shape, data }, rows = shape) => fromArray(data, rows);

/** The steps of one sequence, one call each. Times are those of a step. */
function steps({ cell, shape, x, params }, use) {
  const { T, I, H } = shape;
  const layer = recurrent(cell);
  const tensors = Object.fromEntries(Object.entries(params).map(([key, p]) => [key, tensorOf(p)]));
  const stream = layer.stream(tensors);
  const rows = Array.from({ length: T }, (_, t) => x.data.subarray(t * I, (t + 1) * I));
  const sequence = (visit = () => {}) => {
    stream.reset();
    for (let t = 0; t < T; t++) visit(stream.step(rows[t]), t);
  };
  return {
    async results() {
      use();
      const output = new Float32Array(T * H);
      sequence((row, t) => output.set(row, t * H));
      return { output };
    },
    async time(repetitions) {
      use();
      return timed(() => sequence(), repetitions).map((ms) => ms / T);
    },
    async dispose() {
      stream.dispose();
      for (const t of leaves(tensors)) t.dispose();
    },
  };
}

/** A task on the executor in use: the same call as in a training step, with nothing kept from one to the next. */
export function subject(task, use, structure = chain(new Array(task.shape.B).fill(task.shape.T))) {
  const { job, cell, shape } = task;
  const rows = structure.nodes;
  const at = {
    x: tensorOf(task.x, [rows, shape.I]),
    params: Object.fromEntries(Object.entries(task.params).map(([key, p]) => [key, tensorOf(p)])),
  };
  const seed = job.training ? tensorOf(task.seed, [rows, shape.H]) : null;
  const forward = (p) => unfold(cell, p.params, { x: p.x }, structure).output;
  const gradient = () => {
    const { value, pullback, dispose } = vjp(forward, at);
    const { x, params } = pullback(seed);
    dispose();
    return { output: value, x, ...params };
  };
  const once = () => (job.training ? gradient() : { output: scope(() => forward(at)) });
  const release = (tree) => {
    for (const t of leaves(tree)) t.dispose();
  };
  return {
    /** The output, and the gradients to x and to each parameter. */
    async results() {
      use();
      const found = once();
      const numbers = Object.fromEntries(Object.entries(found).map(([key, t]) => [key, onCpu(t).toArray()]));
      release(found);
      return numbers;
    },
    async time(repetitions) {
      use();
      return timed(() => release(once()), repetitions);
    },
    async dispose() {
      release([at, seed ?? []]);
    },
  };
}
