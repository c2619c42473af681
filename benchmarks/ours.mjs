// Our executors as sides of a comparison.

import {
  chain,
  executor,
  executorReport,
  fromArray,
  leaves,
  matmul,
  onCpu,
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
    const counts = "threads" in e ? threadCounts : threadCounts.filter((n) => n === 1);
    return counts.map((threads) => ourSide(e, threads, status.detail));
  });
}

function ourSide(e, threads, detail) {
  const use = () => {
    useExecutor(e);
    if ("threads" in e) e.threads = threads;
  };
  return {
    name: e.name,
    ours: true,
    threads,
    version: detail,
    async prepare(task) {
      use();
      return subject(task, use);
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
