import type { Executor } from "../../src/program/index.js";
import { leaves, type Tensor, tensor } from "../../src/tensor/index.js";
import { executor } from "./trees.js";

/** Parameters of three shapes. */
export const start = () => tree([1, 2, 3, 4], [5, 6], 7);
/** A gradient that is finite, of norm about 4. */
export const good = () => tree([0.1, -2, 3, 0], [1, -1], 0.5);

/** Gradients with one element that is not finite, at each place and of each kind in turn. */
export const planted = () =>
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].flatMap((x) => [
    tree([1, 1, x, 1], [1, 1], 1),
    tree([1, 1, 1, 1], [1, x], 1),
    tree([1, 1, 1, 1], [1, 1], x),
  ]);

function tree(U: number[], b: number[], c: number) {
  return { cell: { U: tensor([U.slice(0, 2), U.slice(2)]), b: tensor(b) }, c: tensor(c) };
}

/** The reference executor as one that can only be read asynchronously. */
export const asynchronous: Executor = {
  name: "asynchronous",
  allocate: (dtype, length) => executor.allocate(dtype, length),
  release: (handle) => executor.release(handle),
  write: (handle, offset, data) => executor.write(handle, offset, data),
  read: async (handle, offset, length) => await executor.read(handle, offset, length),
  capabilities: { synchronous: false },
  compile: (program) => executor.compile(program),
  run: (executable, schedule, bindings) => executor.run(executable, schedule, bindings),
  get statistics() {
    return executor.statistics;
  },
};

/** All elements of a tree in order, on an executor of either kind. */
export async function dataOf(tree: unknown): Promise<number[]> {
  const parts = await Promise.all(leaves(tree).map((v) => (v as Tensor).data()));
  return parts.flatMap((part) => [...part]);
}
