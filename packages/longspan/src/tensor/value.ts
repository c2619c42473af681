import { check, count, kind, numbers, type RequiredKind } from "../check/index.js";
import {
  type DType,
  type Executor,
  type Handle,
  isSynchronous,
  type SynchronousExecutor,
  type TypedArray,
} from "../program/index.js";
import { checkNumbers } from "./check-numbers.js";
import { hostAccess } from "./host-access.js";
import { adopt, forget } from "./scope.js";
import { formatShape, type Shape, ShapeError, sizeOf } from "./shape.js";
import { shapeKind } from "./shape-kinds.js";
import { mostShown, showElements } from "./show-elements.js";

/**
 * Anything an op takes and gives: a `Tensor` that holds data, or a stand-in while a function is traced or
 * differentiated. Functions composed of ops work on both; only a `Tensor` can be read.
 *
 * A value is not a number: `x > 0`, `x + 1` and `x == y` throw and say what to do. JavaScript has no way to do so for
 * `x ? a : b`, `x && y` and `x === y`, where a value counts as an object, which is always true and equal to itself only.
 */
export abstract class Value {
  /** Sizes of the axes, outermost first. */
  abstract readonly shape: Shape;
  /** The type of the elements. */
  abstract readonly dtype: DType;

  /** The number of axes; 0 for a scalar. */
  get rank(): number {
    return this.shape.length;
  }

  /** The number of elements; 1 for a scalar. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** What runs on stand-ins where this is one, such as `cell lstm: the step`; null where nothing can be said. */
  get tracedIn(): string | null {
    return null;
  }

  /** Type and shape, and of a tensor the first elements: what Node.js prints for a value, too. */
  toString(): string {
    return `Value ${this.dtype} ${formatShape(this.shape)}, being traced`;
  }

  /** The numbers in nested lists, for JSON, which has no NaN and no infinity: they become null. @throws as `onCpu` */
  toJSON(): NumberLists {
    return listsOf(onCpu(this).toArray(), this.shape);
  }

  /** A text where one is asked for; a value is not a number. @throws TypeError, with what to do */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw notANumber(this);
  }
}

/** Numbers in nested lists; a number for a scalar. */
export type NumberLists = number | NumberLists[];

function listsOf(data: TypedArray, shape: Shape): NumberLists {
  const list = (axis: number, from: number): NumberLists => {
    if (axis === shape.length) return data[from]!;
    const step = sizeOf(shape.slice(axis + 1));
    return Array.from({ length: shape[axis]! }, (_, i) => list(axis + 1, from + i * step));
  };
  return list(0, 0);
}

const select = "choose with where(less(0, x), a, b)";

function notANumber(v: Value): TypeError {
  const explanation = `${v.dtype} ${formatShape(v.shape)} is not a number, so x > 0, x + 1 and x == y do not work on it: ${select}, compute with ops such as add(x, 1)`;
  if (v instanceof Tensor)
    return new TypeError(`a tensor ${explanation}, or read it: onCpu(x).item(), await x.data()`);
  return new TypeError(
    v.tracedIn === null
      ? `a value ${explanation}; it stands in for a tensor while a function is traced or differentiated`
      : `${onStandIns(v.tracedIn)}; a value ${explanation}`,
  );
}

function onStandIns(what: string): string {
  return `${what} runs once, on stand-ins without data, to record its equations`;
}

// Node.js, Deno and Bun look for this when they print; the symbol is shared by name, so nothing is imported.
Object.defineProperty(Value.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Value) {
    return this.toString();
  },
});

/** Memory shared by a tensor and its views. */
class Storage {
  views = 0;
  /** Counts in-place updates: caches derived from the contents are keyed by it. */
  version = 0;

  constructor(
    readonly executor: Executor,
    readonly handle: Handle,
  ) {}
}

/**
 * Data on an executor: a dense array, row-major, that operations never change.
 *
 * Tensors made inside `scope`, `valueAndGrad` and the like are released at their end unless returned or kept. A
 * released tensor throws when touched. `dispose()` (or `using`) releases one by hand.
 *
 * @example
 * const t = tensor([[1, 2], [3, 4]]);
 * console.log(t.shape, await t.data()); // [ 2, 2 ] Float32Array [ 1, 2, 3, 4 ]
 */
export class Tensor extends Value {
  /** What released it. */
  private released: string | null = null;
  private kept = false;

  private constructor(
    private readonly storage: Storage,
    private readonly start: number,
    readonly shape: Shape,
    readonly dtype: DType,
  ) {
    super();
    storage.views += 1;
    adopt(this);
  }

  /** Wraps fresh memory. */
  static own(executor: Executor, handle: Handle, shape: Shape): Tensor {
    return new Tensor(new Storage(executor, handle), 0, shape, handle.dtype);
  }

  /** A tensor over the same memory, from element `offset` of this one on. */
  view(shape: Shape, offset = 0): Tensor {
    this.check();
    check("Tensor.view", "shape", shape, shapeKind);
    if (offset !== 0) check("Tensor.view", "offset", offset, count);
    if (offset + sizeOf(shape) > this.size)
      throw new ShapeError(
        `Tensor.view: shape ${formatShape(shape)} at offset ${offset} does not fit ${formatShape(this.shape)}`,
      );
    return new Tensor(this.storage, this.start + offset, shape, this.dtype);
  }

  /** The elements in row-major order, copied. Asynchronous, since a GPU's memory is. */
  async data(): Promise<TypedArray> {
    this.check();
    return this.storage.executor.read(this.storage.handle, this.start, this.size);
  }

  /** The executor that holds the data. */
  get executor(): Executor {
    return this.storage.executor;
  }

  /** Where the data lies, for programs. */
  binding(): { handle: Handle; offset: number } {
    this.check();
    return { handle: this.storage.handle, offset: this.start };
  }

  /** Counts the in-place updates of the memory: caches made from the contents are keyed by it. */
  get version(): number {
    return this.storage.version;
  }

  override toString(): string {
    const kind = `Tensor ${this.dtype} ${formatShape(this.shape)}`;
    if (this.released) return `${kind}, released`;
    const { executor, handle } = this.storage;
    if (!isSynchronous(executor)) return `${kind} on ${executor.name}`;
    const first = executor.read(handle, this.start, Math.min(this.size, mostShown));
    return `${kind}: ${showElements(first, this.shape, this.dtype)}`;
  }

  /**
   * Overwrites the contents in place and moves the version on. For loaders; ops never do this.
   * @throws TypeError for an element that is not a number, or that int32 does not hold
   */
  write(data: ArrayLike<number>): void {
    this.check();
    check("Tensor.write", "data", data, numbers);
    if (data.length !== this.size)
      throw new ShapeError(`Tensor.write: data of ${data.length} elements for ${formatShape(this.shape)}`);
    checkNumbers("Tensor.write", data, this.dtype);
    hostAccess()?.refused("writes into a tensor");
    this.storage.executor.write(this.storage.handle, this.start, data);
    this.storage.version += 1;
  }

  /** Whether the memory was given back; the readers then throw. */
  get isReleased(): boolean {
    return this.released !== null;
  }

  /** Releases the memory (with the last view of it). Touching the tensor afterwards throws. */
  dispose(): void {
    this.release("at the end of the scope it was made in; return it from there, or use keep()");
  }

  /** @internal Marks it as its user's, whatever takes its place. */
  keep(): void {
    this.kept = true;
  }

  /** @internal Releases it since something took its place, unless it is kept; `by` says what. */
  replaced(by: string): void {
    if (!this.kept) this.release(`by ${by}, or keep() it before`);
  }

  private release(what: string): void {
    if (this.released !== null) return;
    this.released = what;
    forget(this);
    this.storage.views -= 1;
    if (this.storage.views === 0) this.storage.executor.release(this.storage.handle);
  }

  /** @internal Called when no scope is left that would release it. */
  leaveScopes(): void {
    const { executor, handle } = this.storage;
    if (this.released === null) executor.capabilities.watch?.(handle);
  }

  private check(): void {
    if (this.released !== null)
      throw new Error(`this tensor ${formatShape(this.shape)} was released ${this.released}`);
  }
}

// `using t = ...` where the language has it, without asking for a newer library.
const disposeSymbol: unknown = (Symbol as { dispose?: symbol }).dispose;
if (typeof disposeSymbol === "symbol")
  Object.defineProperty(Tensor.prototype, disposeSymbol, { value: Tensor.prototype.dispose });

/**
 * The elements of a value in row-major order, copied: `Tensor.data` for what is typed as a `Value`, such as an output of
 * `unfold`.
 * @throws TypeError if the value stands in for another while a function is traced or differentiated.
 * @example await read(tensor([[1, 2]])) // Float32Array [ 1, 2 ]
 */
export async function read(v: Value): Promise<TypedArray> {
  return concrete("read", "v", v).data();
}

/** A tensor, or what stands for one while a function is differentiated, traced or recorded. */
export const valueKind: RequiredKind = kind(
  "a tensor, or a value made of tensors",
  (value) => value instanceof Value,
);

/** A tensor. */
export const tensorKind: RequiredKind = kind("a tensor", (value) => value instanceof Tensor);

function concrete(what: string, name: string, v: Value): Tensor {
  if (v instanceof Tensor) return v;
  check(what, name, v, valueKind);
  throw new TypeError(
    v.tracedIn === null
      ? "a value that is being traced or differentiated holds no data; return it and read the result"
      : `${onStandIns(v.tracedIn)}; there is nothing to read: ${select}, return a value and read the result`,
  );
}

/**
 * Whether `onCpu` can read a value: it holds data, on an executor that can be read at once.
 * @example
 * isOnCpu(tensor([1])) // true on the reference executor
 * grad((x: Value) => (isOnCpu(x) ? x : mul(x, 2)))(tensor(1)) // 2: inside, x stands in for a tensor
 */
export function isOnCpu(v: Value): boolean {
  return v instanceof Tensor && isSynchronous(v.executor);
}

/** A tensor whose executor the CPU can read at once. */
export interface CpuTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The only element. */
  item(): number;
  /** All elements, row-major, copied. */
  toArray(): TypedArray;
}

/**
 * The synchronous readers of a tensor, which exist only where the executor is on the CPU.
 * @throws if the tensor's executor cannot be read synchronously (use `await t.data()`), or if it is a traced value.
 * @example onCpu(tensor([[1, 2]])).toArray() // Float32Array [ 1, 2 ]
 */
export function onCpu(value: Value): CpuTensor {
  const t = concrete("onCpu", "value", value);
  const executor = t.executor;
  if (!isSynchronous(executor))
    throw new TypeError(`the ${executor.name} executor is read with "await t.data()"`);
  const elements = () => {
    const data = elementsOf(t, executor);
    hostAccess()?.read(t, data);
    return data;
  };
  return {
    shape: t.shape,
    dtype: t.dtype,
    item() {
      if (t.size !== 1)
        throw new ShapeError(`item() of a tensor ${formatShape(t.shape)}, which has ${t.size} elements`);
      return elements()[0]!;
    },
    toArray: elements,
  };
}

function elementsOf(t: Tensor, executor: SynchronousExecutor): TypedArray {
  const { handle, offset } = t.binding();
  return executor.read(handle, offset, t.size);
}

/**
 * Checks the elements of a value where they can be read at once: of anything else nothing is known yet. All that may depend on them is
 * whether the check throws.
 * @example
 * checkElements(tensor([1, 0], "int32"), (ids) => {
 *   if (ids.some((id) => id < 0)) throw new RangeError("an id is negative");
 * });
 */
export function checkElements(v: Value, check: (data: TypedArray) => void): void {
  if (!(v instanceof Tensor) || !isSynchronous(v.executor)) return;
  check(elementsOf(v, v.executor));
  hostAccess()?.checked(v, check);
}
