import type { ParamSpec } from "../../cell/index.js";
import { mul, normal, sub, uniform } from "../../ops/index.js";
import { type DType, type Key, type Shape, scope, type Tensor } from "../../tensor/index.js";
import { checkPositive } from "./settings.js";

/**
 * Independent normal numbers of mean 0.
 * @param std standard deviation, positive
 * @param shape the sizes of the axes, one argument each
 * @throws RangeError if the deviation is not positive
 * @example normalInit(0.01, 100, 20).shape // [ 100, 20 ]
 */
export function normalInit(std: number, ...shape: Shape): ParamSpec {
  checkPositive("normalInit: the standard deviation", std);
  return { shape, initialise: (key, s, dtype) => scope(() => mul(normal(key, s, dtype), std)) };
}

/**
 * Independent uniform numbers in [-limit, limit).
 * @param limit positive
 * @param shape the sizes of the axes, one argument each
 * @throws RangeError if the limit is not positive
 * @example uniformInit(0.1, 100, 20).shape // [ 100, 20 ]
 */
export function uniformInit(limit: number, ...shape: Shape): ParamSpec {
  checkPositive("uniformInit: the limit", limit);
  return { shape, initialise: (key, s, dtype) => uniformWithin(limit, key, s, dtype) };
}

/**
 * Uniform numbers whose variance keeps the size of signals and of gradients alike:
 *
 *     W ~ U[-l, l],  l = sqrt(6 / (input + output)),  variance 2 / (input + output)
 *
 * Gates that are stored side by side, [input, gates * output], are matrices of their own: each block [input,
 * output] has the limit of its own fan, not that of the whole.
 *
 * @param input units that the matrix reads: its rows
 * @param output units that one gate has: columns per gate
 * @param options.gates matrices side by side; 1 unless given
 * @throws RangeError if a size is not a positive integer
 * @see Glorot, Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks",
 * equation 16
 * @example glorot(3, 4, { gates: 4 }).shape // [ 3, 16 ]
 */
export function glorot(input: number, output: number, { gates = 1 }: { gates?: number } = {}): ParamSpec {
  for (const n of [input, output, gates])
    if (!Number.isInteger(n) || n < 1)
      throw new RangeError(`glorot: sizes are positive integers, got ${input}, ${output} and ${gates} gates`);
  return uniformInit(Math.sqrt(6 / (input + output)), input, gates * output);
}

function uniformWithin(limit: number, key: Key, shape: Shape, dtype: DType): Tensor {
  return scope(() => sub(mul(uniform(key, shape, dtype), 2 * limit), limit));
}
