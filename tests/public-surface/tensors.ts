import { executor, Key, matmul, type Tensor, tensor } from "longspan";
import {
  anything,
  argument,
  choice,
  count,
  dtype,
  flag,
  func,
  integer,
  key,
  matrix,
  maybe,
  number,
  numbers,
  positive,
  settings,
  shape,
  thing,
  value,
} from "./arguments.js";
import { exempt, method, type Row, type Rows, row } from "./calls.js";

const axis = () => maybe(argument(0, ["list"], 1.5, "0", 9, -9, Number.NaN, ["x"]));
const oneAxis = () => argument(0, [], 1.5, "0", 9, -9, Number.NaN);
const operand = (v: unknown = tensor([1, 2])) => ({ ...argument(v, ["number"]), unnamed: true });
const ints = () => tensor([0, 1], "int32");

const unary = () => row({ a: value() });
const binary = () => row({ a: operand(), b: operand() });
const names = (list: string, make: () => Row): Rows =>
  Object.fromEntries(list.split(" ").map((name) => [name, make]));

export const tensorRows: Rows = {
  Value: () => exempt("an abstract class"),
  Tensor: () => exempt("its constructor is private; its methods are those of tensor()"),
  Key: () => exempt("its constructor is private; see the rows of Key.of"),
  ShapeError: () => exempt("an error"),
  tensor: () =>
    row({ values: argument([1, 2], ["number", "list"], ["x"], [1, [2]], [null]), dtype: dtype() }),
  fromArray: () => row({ data: numbers([1, 2], "list"), shape: shape([2]), dtype: dtype() }),
  full: () => row({ shape: shape([2]), value: number(0.5), dtype: dtype() }),
  zeros: () => row({ shape: shape([2]), dtype: dtype() }),
  ones: () => row({ shape: shape([2]), dtype: dtype() }),
  read: () => row({ v: value() }),
  onCpu: () => row({ value: value(tensor([1])) }, { methods: { item: row({}), toArray: row({}) } }),
  scope: () => row({ f: func(() => 1) }),
  keep: () => row({ tree: anything([tensor([1])]) }),
  leaves: () => row({ tree: anything([tensor([1])]) }),
  leafEntries: () => row({ tree: anything([tensor([1])]) }),
  mapTree: () => row({ tree: anything([tensor([1])]), f: func((v: Tensor) => v) }),
  mapTrees: () =>
    row({
      first: anything([tensor([1])]),
      others: argument([[tensor([1])]], ["list"], [5]),
      f: func(([v]: Tensor[]) => v),
    }),
  useExecutor: () => row({ executor: thing(executor("reference")) }),
  defaultExecutor: () => row({}),
  executor: () => row({ name: choice("reference") }),
  executorReport: () => row({}),
  useThreads: () => row({ count: argument(1, ["number"], 0, -1, 1.5, Number.NaN, 65) }),
  loadWasmExecutor: () =>
    row({
      modules: maybe({ ...argument(undefined, [], { plain: "x" }, { plain: 5, relaxed: 5 }), unnamed: true }),
    }),
  IndexError: () => exempt("an error"),
  OutOfMemoryError: () => exempt("an error"),
};

export const opRows: Rows = {
  ...names(
    "neg erf exp expm1 log log1p tanh sigmoid sqrt sin cos abs sign square relu softplus stopGradient",
    unary,
  ),
  ...names("logSumExp softmax logSoftmax", () => row({ x: value() })),
  ...names("add sub mul div maximum minimum less lessEqual equal", binary),
  where: () => row({ condition: value(ints()), a: operand(), b: operand() }),
  cast: () => row({ x: value(), dtype: { ...dtype(), mayBeAbsent: false } }),
  matmul: () => row({ a: value(matrix()), b: value(matmul(tensor([[1], [2], [3]]), tensor([[1, 2]]))) }),
  outer: () => row({ a: value(), b: value() }),
  dot: () => row({ a: value(), b: value() }),
  reshape: () => row({ x: value(), shape: argument([2, 1], ["list"], [-2], [1.5], ["2"], [7]) }),
  broadcastTo: () => row({ x: value(), shape: shape([3, 2]) }),
  permute: () =>
    row({ x: value(matrix()), axes: maybe(argument([1, 0], [], [0], [0, 0], [0, 1.5], ["0", "1"])) }),
  ...names("sum mean max", () => row({ x: value(matrix()), axis: axis() })),
  cumulativeSum: () =>
    row({ x: value(matrix()), axis: maybe(oneAxis()), options: settings({ reverse: maybe(flag(true)) }) }),
  cumulativeProduct: () =>
    row({ x: value(matrix()), axis: maybe(oneAxis()), options: settings({ reverse: maybe(flag(true)) }) }),
  sort: () =>
    row({ x: value(matrix()), axis: maybe(oneAxis()), options: settings({ descending: maybe(flag(true)) }) }),
  topK: () =>
    row({ x: value(matrix()), k: argument(1, [], -1, 1.5, "1", 9, Number.NaN), axis: maybe(oneAxis()) }),
  roll: () =>
    row({
      x: value(matrix()),
      shift: argument(1, ["number"], 1.5, "1", Number.NaN, tensor(1), ints()),
      axis: maybe(oneAxis()),
    }),
  pow: binary,
  clamp: () =>
    row({
      x: value(),
      low: argument(0, ["number"], "0", Number.NaN),
      high: argument(1, ["number"], "1", Number.NaN),
    }),
  oneHot: () => row({ index: value(ints()), size: count(2), dtype: dtype() }),
  sparseMatmul: () =>
    row({
      x: value(tensor([5, 7])),
      W: settings({ values: value(tensor([[2, 3]])), from: value(tensor([[1, 1]], "int32")) }),
    }),
  triangularSolve: () =>
    row({
      a: value(tensor([[1]])),
      b: value(tensor([2])),
      options: settings({ upper: maybe(flag(true)), transpose: maybe(flag(true)) }),
    }),
  cholesky: () => row({ a: value(tensor([[1]])) }),
  norm: () => row({ x: value(matrix()), axis: axis() }),
  cosineSimilarity: () => row({ a: value(), b: value() }),
  argmax: () => row({ x: value(matrix()), axis: maybe(oneAxis()) }),
  slice: () =>
    row({
      x: value(matrix()),
      axis: oneAxis(),
      start: argument(0, [], -1, 1.5, "0", Number.NaN, 3),
      end: argument(1, [], -1, 1.5, "1", Number.NaN, 9),
    }),
  split: () =>
    row({ x: value(tensor([1, 2, 3, 4])), parts: argument(2, [], 0, -1, 1.5, "2", 3, Number.NaN) }),
  concat: () =>
    row({
      values: argument([tensor([1]), tensor([2])], [], [5], [null, null], [tensor([1]), "x"]),
      axis: maybe(oneAxis()),
    }),
  gather: () => row({ table: value(), index: value(ints()) }),
  indexSum: () => row({ values: value(), index: value(ints()), size: count(2) }),
  clipGradient: () => row({ x: value(), limit: positive(1) }),
  iota: () => row({ shape: argument([2], ["list"], [-1], [1.5], ["3"]), axis: maybe(oneAxis()) }),
  constant: () => row({ value: number(1), shape: shape([2]), dtype: dtype() }),
  uniform: () =>
    row({ key: key(), shape: shape([2]), dtype: maybe(argument("float64", [], "int32", "float16")) }),
  normal: () =>
    row({ key: key(), shape: shape([2]), dtype: maybe(argument("float64", [], "int32", "float16")) }),
};

/** Statics and methods of exported classes, by what messages begin with; made from instances. */
export const classRows: Rows = {
  "Key.of": () => row({ seed: integer(1) }, { call: Key.of as never }),
  "Key.fromWords": () => row({ k0: number(1), k1: number(2) }, { call: Key.fromWords as never }),
  "Key.fold": () => method(Key.of(1), "fold", { data: integer(1) }),
  "Key.split": () => method(Key.of(1), "split", { count: count(2) }),
  "Tensor.own": () => exempt("the engine's: it takes memory as it is"),
  "Tensor.view": () => method(tensor([1, 2]), "view", { shape: shape([2]), offset: maybe(count(0)) }),
  "Tensor.data": () => method(tensor([1, 2]), "data", {}),
  "Tensor.write": () => method(tensor([1, 2]), "write", { data: numbers([1, 2], "list") }),
  "Tensor.binding": () => method(tensor([1, 2]), "binding", {}),
  "Tensor.dispose": () => method(tensor([1, 2]), "dispose", {}),
  "Tensor.toString": () => method(tensor([1, 2]), "toString", {}),
  "Value.toString": () => method(tensor([1, 2]), "toString", {}),
  "Value.toJSON": () => method(tensor([1, 2]), "toJSON", {}),
  "Tensor.check": () => exempt("private"),
  "Tensor.release": () => exempt("private"),
  "Tensor.keep": () => exempt("called by keep()"),
  "Tensor.replaced": () => exempt("called by trainingStep()"),
  "Tensor.leaveScopes": () => exempt("called by scopes"),
};
