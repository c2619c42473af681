import {
  add,
  cholesky,
  clamp,
  concat,
  cumulativeProduct,
  iota,
  matmul,
  mul,
  oneHot,
  outer,
  pow,
  roll,
  type Shape,
  softmax,
  sort,
  sparseMatmul,
  square,
  sum,
  tanh,
  topK,
  triangularSolve,
  type Value,
} from "longspan/engine";
import type { Dice } from "./generate.js";

/** The unit matrix [2, 2]. */
const unit = (like: Value) => oneHot(iota([2]), 2, like.dtype);

/** What an operation is made of: a vector of the cell, and values of any shape made of it. */
interface Operands {
  readonly u: Value;
  readonly to: (v: Value, shape: Shape) => Value;
  readonly param: (...shape: number[]) => Value;
}

/** Operations that work along an axis or on matrices, each bounded. `isSmooth`: central differences apply everywhere. */
const operations: Record<string, { readonly isSmooth: boolean; readonly of: (o: Operands) => Value }> = {
  matrixTimesVector: { isSmooth: true, of: ({ u, to }) => tanh(matmul(to(u, [2, u.size]), u)) },
  parameterTimesVector: { isSmooth: true, of: ({ u, param }) => matmul(param(3, u.size), u) },
  vectorTimesVector: { isSmooth: true, of: ({ u, param }) => tanh(matmul(u, param(u.size))) },
  stackTimesVector: { isSmooth: true, of: ({ u, to, param }) => tanh(matmul(to(u, [2, 1, 2]), param(2))) },
  broadcastProducts: {
    isSmooth: true,
    of: ({ u, to, param }) => tanh(sum(matmul(param(2, 2), to(u, [2, 2, 1])), [0, -1])),
  },
  cumulativeProduct: { isSmooth: true, of: ({ u }) => cumulativeProduct(tanh(u)) },
  power: { isSmooth: true, of: ({ u, to }) => pow(add(square(tanh(u)), 0.5), tanh(to(u, [u.size]))) },
  roll: { isSmooth: true, of: ({ u }) => mul(u, roll(u, -1)) },
  triangularSolve: {
    isSmooth: true,
    of: ({ u, to }) => triangularSolve(add(mul(tanh(to(u, [2, 2])), 0.4), unit(u)), tanh(to(u, [2]))),
  },
  cholesky: {
    isSmooth: true,
    of: ({ u, to }) => {
      const v = tanh(to(u, [2]));
      return sum(cholesky(add(outer(v, v), unit(u))), 0);
    },
  },
  sparseMatmul: {
    isSmooth: true,
    of: ({ u, param }) =>
      tanh(
        sparseMatmul(concat([u, u]), {
          values: param(2, 3),
          from: add(iota([2, 3], 0), mul(iota([2, 3], 1), 0)),
        }),
      ),
  },
  sort: { isSmooth: false, of: ({ u }) => sort(u).values },
  topK: { isSmooth: false, of: ({ u }) => softmax(topK(u, Math.min(2, u.size), 0).values) },
  clamp: { isSmooth: false, of: ({ u }) => clamp(u, -0.4, 0.6) },
};

/** One of the operations, and whether it is smooth. */
export function randomOperation(
  dice: Dice,
  operands: Operands,
): { name: string; value: Value; isSmooth: boolean } {
  const name = dice.pick(Object.keys(operations));
  const { of, isSmooth } = operations[name]!;
  return { name, value: of(operands), isSmooth };
}
