import type { ParamSpec } from "../../cell/index.js";
import { check, checkSettings, finitePositive, optional, size } from "../../check/index.js";
import { mul, normal, sub, uniform } from "../../ops/index.js";
import { type DType, type Key, type Shape, scope, type Tensor } from "../../tensor/index.js";
import { specOf } from "./spec.js";

/**
 * Independent normal numbers of mean 0.
 * @param std standard deviation, positive
 * @param shape the sizes of the axes, one argument each
 * @throws RangeError if the deviation is not positive
 * @example normalInit(0.01, 100, 20).shape // [ 100, 20 ]
 */
export function normalInit(std: number, ...shape: Shape): ParamSpec {
  check("normalInit", "std", std, finitePositive);
  return specOf("normalInit", shape, (key, s, dtype) => scope(() => mul(normal(key, s, dtype), std)));
}

/**
 * Independent uniform numbers in [-limit, limit).
 * @param limit positive
 * @param shape the sizes of the axes, one argument each
 * @throws RangeError if the limit is not positive
 * @example uniformInit(0.1, 100, 20).shape // [ 100, 20 ]
 */
export function uniformInit(limit: number, ...shape: Shape): ParamSpec {
  check("uniformInit", "limit", limit, finitePositive);
  return specOf("uniformInit", shape, (key, s, dtype) => uniformWithin(limit, key, s, dtype));
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
 * @param options.gates matrices side by side; 1 by default
 * @throws RangeError if a size is not a positive integer
 * @see Glorot, Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks",
 * equation 16
 * @example glorot(3, 4, { gates: 4 }).shape // [ 3, 16 ]
 */
export function glorot(input: number, output: number, options?: { gates?: number }): ParamSpec {
  check("glorot", "input", input, size);
  check("glorot", "output", output, size);
  const { gates = 1 } = checkSettings("glorot", options, { gates: optional(size) });
  const limit = Math.sqrt(6 / (input + output));
  return specOf("glorot", [input, gates * output], (key, s, dtype) => uniformWithin(limit, key, s, dtype));
}

function uniformWithin(limit: number, key: Key, shape: Shape, dtype: DType): Tensor {
  return scope(() => sub(mul(uniform(key, shape, dtype), 2 * limit), limit));
}
