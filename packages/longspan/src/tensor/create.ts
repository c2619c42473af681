import { check, having, kind, number, numbers } from "../check/index.js";
import {
  bytesPerElement,
  type DType,
  type Executor,
  type Handle,
  newArray,
  OutOfMemoryError,
  type TypedArray,
} from "../program/index.js";
import { recordable } from "../recording/index.js";
import { checkNumber, checkNumbers, describeElement } from "./check-numbers.js";
import { hostAccess } from "./host-access.js";
import { formatShape, type Shape, ShapeError, sizeOf } from "./shape.js";
import { dtypeKind, shapeKind } from "./shape-kinds.js";
import { Tensor } from "./value.js";

let chosen: () => Executor = () => {
  throw new Error("no executor was chosen; import longspan by its entry point, or call useExecutor()");
};

/**
 * The executor on which new tensors are made. It is chosen when it is first asked for, unless `useExecutor` was called.
 * @throws Error if the environment names one that is not available
 * @example defaultExecutor().name // reference
 */
export function defaultExecutor(): Executor {
  return chosen();
}

/**
 * Says how the default executor is found when it is first asked for: importing the library finds none, and so cannot fail.
 * @example chooseExecutorBy(() => new ReferenceExecutor());
 */
export function chooseExecutorBy(find: () => Executor): void {
  chosen = () => {
    useExecutor(find());
    return chosen();
  };
}

/**
 * Makes `executor` the one on which new tensors are made, with the layer that records its runs (`recordable`).
 * @example
 * const before = defaultExecutor();
 * useExecutor(new ReferenceExecutor()); // new tensors are made there; old ones stay where they are
 * useExecutor(before);
 */
export function useExecutor(executor: Executor): void {
  check("useExecutor", "executor", executor, executorKind);
  const used = recordable(executor);
  chosen = () => used;
}

const executorKind = having('an executor, such as executor("wasm")', "allocate", "compile", "run");

/** Nested lists of numbers, all of one form. */
export type NestedNumbers = number | readonly NestedNumbers[] | ArrayLike<number>;

/**
 * A tensor from nested lists of numbers.
 * @param dtype float32 by default; never guessed from the numbers.
 * @throws ShapeError if the lists are ragged, naming the place.
 * @throws TypeError for what is not a number, naming the place, and for a number that int32 does not hold.
 * @example tensor([[1, 2, 3], [4, 5, 6]]).shape // [ 2, 3 ]
 */
export function tensor(values: NestedNumbers, dtype: DType = "float32"): Tensor {
  check("tensor", "values", values, nested);
  check("tensor", "dtype", dtype, dtypeKind);
  const shape: number[] = [];
  let probe: unknown = values;
  while (typeof probe === "object" && probe !== null && "length" in probe) {
    const list = probe as ArrayLike<unknown>;
    shape.push(list.length);
    probe = list[0];
  }
  const flat: number[] = [];
  flatten(values, shape, 0, "", flat);
  return filled("tensor", flat, shape, dtype);
}

const nested = kind(
  "a number or nested lists of numbers",
  (value) => typeof value === "number" || numbers.accepts(value),
);

function flatten(
  values: unknown,
  shape: readonly number[],
  depth: number,
  path: string,
  out: number[],
): void {
  if (depth === shape.length) {
    if (typeof values !== "number")
      throw new TypeError(`tensor: values${path} is ${describeElement(values)}, not a number`);
    out.push(values);
    return;
  }
  const list = values as ArrayLike<unknown>;
  if (!numbers.accepts(values) || list.length !== shape[depth])
    throw new ShapeError(
      `tensor: ragged lists: values${path} should hold ${shape[depth]} entries, has ${numbers.accepts(values) ? list.length : "none"}`,
    );
  for (let i = 0; i < list.length; i++) flatten(list[i], shape, depth + 1, `${path}[${i}]`, out);
}

/**
 * A tensor of the given shape from flat numbers, row-major.
 * @throws ShapeError if their number does not fit.
 * @throws TypeError for an element that is not a number, or that int32 does not hold.
 * @example fromArray([1, 2, 3, 4], [2, 2], "float64") // [[1, 2], [3, 4]]
 */
export function fromArray(data: ArrayLike<number>, shape: Shape, dtype: DType = "float32"): Tensor {
  check("fromArray", "data", data, numbers);
  check("fromArray", "shape", shape, shapeKind);
  check("fromArray", "dtype", dtype, dtypeKind);
  if (data.length !== sizeOf(shape))
    throw new ShapeError(
      `fromArray: ${data.length} numbers for the shape ${formatShape(shape)}, which holds ${sizeOf(shape)}`,
    );
  return filled("fromArray", data, shape, dtype);
}

function filled(what: string, data: ArrayLike<number>, shape: Shape, dtype: DType): Tensor {
  checkNumbers(what, data, dtype);
  const executor = defaultExecutor();
  const handle = allocate(executor, shape, dtype);
  executor.write(handle, 0, data);
  hostAccess()?.filled(handle, data);
  return Tensor.own(executor, handle, shape);
}

/**
 * A tensor of the given shape with unspecified contents. For results that are about to be written.
 * @example uninitialised([2, 3], "float32").shape // [ 2, 3 ]
 */
export function uninitialised(shape: Shape, dtype: DType): Tensor {
  const executor = defaultExecutor();
  return Tensor.own(executor, allocate(executor, shape, dtype), shape);
}

/** @throws OutOfMemoryError naming the shape */
function allocate(executor: Executor, shape: Shape, dtype: DType): Handle {
  try {
    return executor.allocate(dtype, sizeOf(shape));
  } catch (error) {
    throw error instanceof OutOfMemoryError ? new OutOfMemoryError(error.shortage, shape) : error;
  }
}

/**
 * A tensor filled with one number.
 * @example full([2], 0.5) // [0.5, 0.5]
 */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  return uniformly("full", shape, value, dtype);
}

function uniformly(what: string, shape: Shape, value: number, dtype: DType): Tensor {
  check(what, "shape", shape, shapeKind);
  check(what, "value", value, number);
  check(what, "dtype", dtype, dtypeKind);
  checkNumber(what, value, dtype);
  return filled(what, arrayFor(shape, dtype).fill(value), shape, dtype);
}

/** @throws OutOfMemoryError naming the shape */
function arrayFor(shape: Shape, dtype: DType): TypedArray {
  const length = sizeOf(shape);
  try {
    return newArray(dtype, length);
  } catch {
    const { name, statistics } = defaultExecutor();
    const wanted = { dtype, length, bytes: length * bytesPerElement(dtype) };
    const { bytesInUse } = statistics;
    throw new OutOfMemoryError({ executor: name, wanted, bytesInUse, bytesUnscoped: 0 }, shape);
  }
}

/**
 * A tensor of zeros.
 * @example zeros([2, 2]) // [[0, 0], [0, 0]]
 */
export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  return uniformly("zeros", shape, 0, dtype);
}

/**
 * A tensor of ones.
 * @example ones([3], "int32") // [1, 1, 1]
 */
export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  return uniformly("ones", shape, 1, dtype);
}
