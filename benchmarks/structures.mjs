// What other structures than full batches cost: ours beside ours, since no peer has them.

import { flops, jobs, parseShape, random, shapes, task } from "./jobs.mjs";
import { binaryTreeLstm, chain, grid, multidimensionalLstm, trees } from "./longspan.mjs";
import { subject } from "./ours.mjs";
import { interleaved } from "./rounds.mjs";
import { median } from "./timing.mjs";

const LSTM = "lstm train";

/** By job: the pairs that it measures, each a base and what is set beside it. */
export const structureJobs = {
  "lstm lengths": () => shapes.slice(0, 2).map((text) => lengths(parseShape(text))),
  "tree train": () => [forest({ trees: 32, leaves: 50, I: 128, H: 128 })],
  "grid train": () => [grids({ height: 28, width: 28, B: 32, I: 64, H: 64 })],
};

/** A batch of sequences with lengths uniform in 1..T, beside the full batch. */
function lengths(shape) {
  const { T, B } = shape;
  const draw = random(2);
  const list = Array.from({ length: B }, () => 1 + Math.floor(T * draw()));
  const full = task(LSTM, shape);
  const rows = list.reduce((sum, n) => sum + n, 0);
  return {
    job: "lstm lengths",
    shape,
    base: { task: full, structure: chain(new Array(B).fill(T)), work: flops(full.job, shape) },
    beside: {
      task: cut(full, rows),
      structure: chain(list),
      work: (flops(full.job, shape) * rows) / (T * B),
    },
    says: (base, beside) => `${(beside.ms / base.ms).toFixed(2)} of the full batch's time`,
  };
}

/** Random binary trees beside chains of as many nodes each. A leaf has no children, and no work is counted for them. */
function forest({ trees: count, leaves, I, H }) {
  const draw = random(3);
  const list = Array.from({ length: count }, () => randomTree(leaves, draw));
  const T = 2 * leaves - 1;
  const shape = { T, B: count, I, H };
  const chainTask = task(LSTM, shape);
  const edges = list.reduce((sum, { children }) => sum + children.flat().length, 0);
  const products = T * count * 4 * H * I + edges * 5 * H * H;
  return {
    job: "tree train",
    shape,
    base: { task: chainTask, structure: chain(new Array(count).fill(T)), work: flops(jobs[LSTM], shape) },
    beside: {
      task: task("tree", shape, { training: true, cell: binaryTreeLstm }),
      structure: trees(list, { ports: ["left", "right"] }),
      work: 3 * 2 * products,
    },
    says: shareOfSpeed,
  };
}

/** Grids with two neighbours for each node beside chains of as many nodes each. No work is counted for neighbours beyond the border. */
function grids({ height, width, B, I, H }) {
  const T = height * width;
  const shape = { T, B, I, H };
  const edges = B * (2 * T - height - width);
  const products = T * B * 5 * H * I + edges * 5 * H * H;
  const structure = grid(new Array(B).fill([height, width]));
  return {
    job: "grid train",
    shape,
    base: { task: task(LSTM, shape), structure: chain(new Array(B).fill(T)), work: flops(jobs[LSTM], shape) },
    beside: {
      task: task("grid", shape, { training: true, cell: multidimensionalLstm }),
      structure,
      work: 3 * 2 * products,
    },
    says: shareOfSpeed,
  };
}

/** Both times and speeds, as shares of the chain's. */
function shareOfSpeed(base, beside) {
  return `${(beside.ms / base.ms).toFixed(2)} of the chain's time, ${((100 * beside.gflops) / base.gflops).toFixed(0)} % of its GF/s`;
}

/** A tree over so many leaves; at each node the number of leaves on the left is uniform. */
function randomTree(leaves, draw) {
  const children = [];
  const grow = (n) => {
    const node = children.push([]) - 1;
    if (n === 1) return node;
    const left = 1 + Math.floor((n - 1) * draw());
    children[node] = [grow(left), grow(n - left)];
    return node;
  };
  grow(leaves);
  return { children };
}

/** The same task with fewer rows. */
function cut({ x, seed, ...rest }, rows) {
  const first = ({ shape, data }) => {
    const columns = shape.at(-1);
    return { shape: [rows, columns], data: data.subarray(0, rows * columns) };
  };
  return { ...rest, x: first(x), seed: first(seed) };
}

/** @returns rows: what `says` of the pair, and both sides' times per round */
export async function measureStructures(name, sides, rounds) {
  const rows = [];
  for (const { job, shape, base, beside, says } of structureJobs[name]())
    for (const side of sides) {
      side.use();
      const subjects = [base, beside].map((one) => subject(one.task, side.use, one.structure));
      const times = await interleaved(subjects, rounds);
      for (const s of subjects) await s.dispose();
      const [a, b] = [base, beside].map(({ work }, i) => {
        const ms = median(times[i]);
        return { ms, gflops: work / ms / 1e6, times: times[i] };
      });
      rows.push({ job, shape, side: side.name, threads: side.threads, base: a, beside: b, says: says(a, b) });
    }
  return rows;
}

export function structureLines(rows) {
  return rows.map(({ job, shape: { T, B, I, H }, side, threads, base, beside, says }) => {
    const title = `${job}   T=${T} B=${B} I=${I} H=${H}, ${side}, threads: ${threads}`;
    const speeds = [beside, base].map(({ ms, gflops }) => `${ms.toFixed(1)} ms, ${gflops.toFixed(1)} GF/s`);
    return `${title.padEnd(66)}${speeds[0]}, beside ${speeds[1]}: ${says}`;
  });
}
