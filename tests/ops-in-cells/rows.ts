import {
  add,
  cholesky,
  clamp,
  concat,
  cumulativeProduct,
  iota,
  less,
  matmul,
  mul,
  oneHot,
  permute,
  pow,
  reshape,
  roll,
  type Shape,
  sort,
  sparseMatmul,
  square,
  sum,
  topK,
  triangularSolve,
  type Value,
} from "longspan/engine";

/** A function of values that a cell can hold: enrolled here, it is tried with operands of every origin on every executor. */
export interface OpRow {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly f: (...operands: readonly Value[]) => Value;
}

/** The unit matrix of a size, of the type of `like`. */
const unit = (n: number, like: Value) => oneHot(iota([n]), n, like.dtype);
/** A symmetric positive definite matrix of any matrix. */
const positive = (m: Value) => add(matmul(m, permute(m)), unit(m.shape[0]!, m));
/** A matrix whose diagonal is far from 0, of any matrix. */
const steady = (m: Value) => add(m, mul(unit(m.shape.at(-1)!, m), 4));

/** Rows of the elements of a sparse matrix [4, 3]: its diagonal and the one below. */
const twoDiagonals = () => add(iota([2, 3], 0), iota([2, 3], 1));

/** The rows. What they give is of the type of their operands. */
export const opRows: readonly OpRow[] = [
  { name: "matrix times vector", shapes: [[3, 4], [4]], f: (m, v) => matmul(m!, v!) },
  { name: "vector times matrix", shapes: [[3], [3, 4]], f: (v, m) => matmul(v!, m!) },
  { name: "vector times vector", shapes: [[3], [3]], f: (v, w) => matmul(v!, w!) },
  {
    name: "matrix times matrix",
    shapes: [
      [2, 3],
      [3, 2],
    ],
    f: (a, b) => matmul(a!, b!),
  },
  { name: "stack times vector", shapes: [[2, 3, 2], [2]], f: (m, v) => matmul(m!, v!) },
  { name: "vector times stack", shapes: [[3], [2, 3, 2]], f: (v, m) => matmul(v!, m!) },
  {
    name: "stack times matrix",
    shapes: [
      [2, 2, 3],
      [3, 2],
    ],
    f: (a, b) => matmul(a!, b!),
  },
  {
    name: "matrix times stack",
    shapes: [
      [2, 3],
      [2, 3, 2],
    ],
    f: (a, b) => matmul(a!, b!),
  },
  {
    name: "stacks that broadcast",
    shapes: [
      [2, 1, 1, 2],
      [1, 2, 2, 1],
    ],
    f: (a, b) => matmul(a!, b!),
  },
  { name: "cumulative product", shapes: [[5]], f: (x) => cumulativeProduct(x!) },
  {
    name: "vector times sparse matrix",
    shapes: [[4], [2, 3]],
    f: (x, values) => sparseMatmul(x!, { values: values!, from: twoDiagonals() }),
  },
  {
    name: "matrix times sparse matrix, added to another",
    shapes: [
      [2, 4],
      [2, 3],
    ],
    f: (x, values) =>
      add(
        sparseMatmul(x!, { values: values!, from: twoDiagonals() }),
        matmul(x!, concat([values!, values!], 0)),
      ),
  },
  {
    name: "cumulative product of columns, from the end",
    shapes: [[3, 2]],
    f: (x) => cumulativeProduct(x!, 0, { reverse: true }),
  },
  { name: "sort", shapes: [[5]], f: (x) => mul(sort(x!).values, x!) },
  {
    name: "sort of columns, from the largest",
    shapes: [[3, 2]],
    f: (x) => sort(x!, 0, { descending: true }).values,
  },
  { name: "largest of rows", shapes: [[2, 4]], f: (x) => topK(x!, 2).values },
  { name: "places of the largest", shapes: [[2, 4]], f: (x) => oneHot(topK(x!, 1).indices, 4, x!.dtype) },
  { name: "power", shapes: [[3], [3]], f: (a, b) => pow(add(square(a!), 0.5), b!) },
  { name: "cube", shapes: [[3]], f: (a) => pow(a!, 3) },
  { name: "clamp", shapes: [[4]], f: (x) => clamp(x!, -0.3, 0.4) },
  { name: "clamp to values", shapes: [[4], [4]], f: (x, low) => clamp(x!, low!, add(low!, 0.5)) },
  { name: "roll", shapes: [[5]], f: (x) => roll(x!, 2) },
  { name: "roll of columns", shapes: [[3, 2]], f: (x) => roll(x!, -1, 0) },
  {
    name: "roll by a value",
    shapes: [[5], [2]],
    f: (x, by) => concat([roll(x!, less(sum(by!), 0)), mul(roll(x!, mul(less(0, sum(by!)), -7)), 2)]),
  },
  {
    name: "roll of rows by a value",
    shapes: [[2, 3], []],
    f: (x, by) => concat([roll(x!, less(by!, 0)), roll(x!, less(0, by!), 0)]),
  },
  { name: "triangular solve", shapes: [[3, 3], [3]], f: (a, b) => triangularSolve(steady(a!), b!) },
  {
    name: "upper triangular solve of a transpose",
    shapes: [
      [2, 2],
      [2, 3],
    ],
    f: (a, b) => triangularSolve(steady(a!), b!, { upper: true, transpose: true }),
  },
  {
    name: "triangular solve of a stack",
    shapes: [
      [2, 2, 2],
      [2, 2],
    ],
    f: (a, b) => triangularSolve(steady(a!), b!, { transpose: true }),
  },
  { name: "Cholesky", shapes: [[3, 3]], f: (m) => cholesky(positive(m!)) },
  {
    name: "Cholesky of a stack",
    shapes: [[2, 2, 2]],
    f: (m) => cholesky(reshape(concat([steady(m!), steady(mul(m!, 0.5))], 0), [2, 2, 2, 2])),
  },
];
