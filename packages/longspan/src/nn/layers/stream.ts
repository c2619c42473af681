import type { InputSpec } from "../../cell/index.js";
import { check, checkSettings, func, isRecord, kind, numbers, text } from "../../check/index.js";
import { mul } from "../../ops/index.js";
import {
  type Binding,
  type BoundExecutions,
  type Handle,
  type MemoryRange,
  newArray,
} from "../../program/index.js";
import { isRecordable, type RecordableExecutor } from "../../recording/index.js";
import {
  checkNumber,
  checkNumbers,
  type DType,
  defaultExecutor,
  describeElement,
  formatShape,
  fromArray,
  keep,
  leafEntries,
  leaves,
  mapTree,
  onCpu,
  type Shape,
  ShapeError,
  sameShape,
  scope,
  Tensor,
  type TypedArray,
  Value,
  zeros,
} from "../../tensor/index.js";
import { dtypeKind, shapeKind, treeKind } from "../../tensor/kinds.js";

/** A tree of states of which any part may be left out: those start at zero. */
export type PartialState<S> = { readonly [K in keyof S]?: S[K] extends Value ? S[K] : PartialState<S[K]> };

/** A model that goes on step by step, with its state, parameters and memory held ready. */
export interface Stream<S> {
  /**
   * Goes on by one step: one call into the executor, and no memory taken.
   * @param x one row of the input; a number where the row is one number, such as a symbol
   * @returns the row of the output: the same array at each step, overwritten by the next
   * @throws ShapeError if x has another size; TypeError for what is no number, RangeError for NaN, which the state would never be
   * rid of; IndexError for a symbol that is none. The state stays as it was
   */
  step(x: number | ArrayLike<number>): TypedArray;
  /** The state after the last step, as a copy: of the form of a layer's `final`, with one row. */
  get state(): S;
  /** Goes on from this state instead, copied; what it lacks is zero. @throws ShapeError if a part has another shape */
  set state(state: PartialState<S>);
  /** Back to the state before the first step: zeros. */
  reset(): void;
  /** Releases its memory and lets go of the parameters. */
  dispose(): void;
}

/** What a stream is made of. */
export interface StreamConfig<P, S> {
  /** What messages call it. */
  readonly name: string;
  /** One row of x. */
  readonly input: InputSpec;
  /** Is not changed; lives until the stream is disposed of. A later `write` into a parameter is seen. */
  readonly params: P;
  /** One step on tensors. @param x [1, ...input] @param state null for zeros */
  readonly apply: (params: P, x: Value, state: S | null) => { readonly output: Value; readonly final: S };
}

/**
 * A stream of any step that hands its state on: what `layer.stream(params)` is made of, for steps of one's own.
 *
 *     y(t), s(t) = apply(x(t), s(t-1)),   s(0) = 0
 *
 * The step is run once, what it asks of the executor is noted, and that is repeated from then on; so it must be a pure
 * function of ops, the same for every x. The numbers are those of the step applied by hand.
 *
 * @throws TypeError if the executor cannot be read at once
 * @example
 * const layer = recurrent(lstm({ input: 2, hidden: 3 }));
 * const readout = linear({ input: 3, output: 1 });
 * const params = { layer: layer.init(Key.of(1)), readout: readout.init(Key.of(2)) };
 * const stream = openStream({
 *   name: "forecast",
 *   input: [2],
 *   params,
 *   apply(p, x, state) {
 *     const { output, final } = layer.apply(p.layer, x, chain([1]), state ? { initial: state } : {});
 *     return { output: readout.apply(p.readout, output), final };
 *   },
 * });
 * stream.step([0.5, -1]); // Float32Array of 1 number
 * stream.dispose();
 */
export function openStream<P, S>(config: StreamConfig<P, S>): Stream<S> {
  checkSettings<StreamConfig<P, S>>("openStream", config, kinds);
  const executor = defaultExecutor();
  if (!isRecordable(executor))
    throw new TypeError(
      `${config.name}: a stream needs an executor that is read at once, ${executor.name} is not`,
    );
  for (const [path, v] of leafEntries(config.params))
    if (!(v instanceof Tensor) || v.executor !== executor)
      throw new TypeError(
        `${config.name}: a stream needs parameters that are data on the executor in use, ${executor.name}; ${path} is not`,
      );
  return new PreparedStream(config, executor);
}

/**
 * The state lies in one of two memories and goes to the other at each step, so it is never copied: the runs are prepared twice,
 * the second time with the two exchanged.
 */
const inputKind = kind(
  "a shape, or a record { shape, dtype }",
  (value) =>
    shapeKind.accepts(value) ||
    (isRecord(value) && shapeKind.accepts(value.shape) && dtypeKind.accepts(value.dtype)),
);
const _rowKind = kind("a number, a list of numbers or a typed array", numbers.accepts);
const kinds = { name: text, input: inputKind, params: treeKind, apply: func };

class PreparedStream<P, S> implements Stream<S> {
  private readonly name: string;
  private readonly shape: Shape;
  private readonly dtype: DType;
  private readonly size: number;
  /** What the runs touch and `dispose` releases: views of the parameters, the input, the two states, the output. */
  private readonly held: Tensor[] = [];
  private readonly states: readonly [S, S];
  private readonly executions: readonly [BoundExecutions, BoundExecutions];
  private readonly recording: { release(): void };
  private readonly output: TypedArray;
  private readonly single = new Float64Array(1);
  /** Which of the states is the present one. */
  private turn: 0 | 1 = 0;
  private disposed = false;

  constructor({ name, input, params, apply }: StreamConfig<P, S>, executor: RecordableExecutor) {
    const { shape, dtype } = "shape" in input ? input : { shape: input, dtype: floatType(params) };
    this.name = name;
    this.shape = shape;
    this.dtype = dtype;
    this.size = shape.reduce((p, n) => p * n, 1);
    const own = this.hold(mapTree(params, (v) => (v as Tensor).view(v.shape)));
    const x = this.hold(zeros([1, ...shape], dtype));
    // A first time for the form of the state; programs and constants that are made once are made here.
    const before = this.hold(scope(() => mapTree(apply(own, x, null).final, (v) => zeros(v.shape, v.dtype))));
    let result = { output: x as Value, final: before };
    const recording = executor.record(() => {
      result = scope(() => {
        const { output, final } = apply(own, x, before);
        const taken = new Set(this.held.map((t) => t.binding().handle));
        return { output, final: mapTree(final, (v) => inOwnMemory(v as Tensor, taken)) };
      });
    });
    const after = this.hold(result.final);
    const output = this.hold(result.output) as Tensor;
    const exchanged = exchange(leaves(before) as Tensor[], leaves(after) as Tensor[]);
    const swapped = recording.executions.map((execution) => ({
      ...execution,
      bindings: execution.bindings.map((b) => b && exchanged(b)),
    }));
    const [from, to] = [memoryOf(x), memoryOf(output)];
    this.states = [before, after];
    this.executions = [
      executor.bind(recording.executions, [], { input: from, output: to }),
      executor.bind(swapped, [], { input: from, output: { ...exchanged(to), length: to.length } }),
    ];
    this.recording = recording;
    this.output = newArray(output.dtype, output.size);
  }

  step(x: number | ArrayLike<number>): TypedArray {
    if (this.disposed) throw new Error(`${this.name}: this stream was disposed of`);
    const row = this.rowOf(x);
    this.executions[this.turn].run(noHandles, row, this.output);
    this.turn = this.turn === 0 ? 1 : 0;
    return this.output;
  }

  /** The numbers of a step, checked before anything is changed. */
  private rowOf(x: number | ArrayLike<number>): ArrayLike<number> {
    if (typeof x === "number" && this.size === 1) {
      checkNumber(this.name, x, this.dtype);
      this.single[0] = x;
    }
    const row = typeof x === "number" ? this.single : x;
    if (typeof row !== "object" || row?.length !== this.size) throw this.misfit(x);
    checkNumbers(this.name, row, this.dtype);
    if (this.dtype !== "int32")
      for (let i = 0; i < row.length; i++)
        if (Number.isNaN(row[i]))
          throw new RangeError(
            `${this.name}: element ${i} is NaN, which would stay in the state for good; the state is as it was`,
          );
    return row;
  }

  private misfit(x: unknown): Error {
    const takes = `${this.name}: a step takes ${this.size === 1 ? "one number" : `${this.size} numbers, ${formatShape(this.shape)}`}`;
    if (typeof x === "number") return new ShapeError(`${takes}, got 1`);
    if (typeof x === "object" && x !== null && "length" in x)
      return new ShapeError(`${takes}, got ${x.length}`);
    return new TypeError(`${takes}, got ${x instanceof Value ? x : describeElement(x)}`);
  }

  get state(): S {
    return mapTree(this.present(), (v) => fromArray(onCpu(v).toArray(), v.shape, v.dtype));
  }

  set state(state: PartialState<S>) {
    check(this.name, "state", state, treeKind);
    const newParts = new Map(leafEntries(state));
    const oldParts = leafEntries(this.present());
    for (const path of newParts.keys())
      if (!oldParts.some(([known]) => known === path))
        throw new ShapeError(
          `${this.name}: the state has no part ${path}; it has ${oldParts.map(([known]) => known).join(", ")}`,
        );
    for (const [path, old] of oldParts) {
      const v = newParts.get(path);
      if (v && !sameShape(v.shape, old.shape))
        throw new ShapeError(
          `${this.name}: the state's ${path} is ${formatShape(old.shape)}, got ${formatShape(v.shape)}`,
        );
    }
    for (const [path, old] of oldParts) {
      const v = newParts.get(path);
      (old as Tensor).write(v ? onCpu(v).toArray() : newArray(old.dtype, old.size));
    }
  }

  reset(): void {
    this.state = {} as PartialState<S>;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const executions of this.executions) executions.release();
    for (const t of this.held) t.dispose();
    this.recording.release();
  }

  private present(): S {
    if (this.disposed) throw new Error(`${this.name}: this stream was disposed of`);
    return this.states[this.turn];
  }

  private hold<T>(tree: T): T {
    this.held.push(...(leaves(keep(tree)) as Tensor[]));
    return tree;
  }
}

/** A tensor that has its memory to itself: this one, if nothing that is taken shares it, else a copy. */
function inOwnMemory(t: Tensor, taken: Set<Handle>): Tensor {
  const { handle } = t.binding();
  const own = handle.length === t.size && !taken.has(handle) ? t : (mul(t, 1) as Tensor);
  taken.add(own.binding().handle);
  return own;
}

/** Puts what lies in one list of tensors into the other, and the other way round. */
function exchange(one: readonly Tensor[], other: readonly Tensor[]): (binding: Binding) => Binding {
  const partner = new Map<Handle, Handle>();
  one.forEach((t, i) => {
    const [a, b] = [t.binding().handle, other[i]!.binding().handle];
    partner.set(a, b).set(b, a);
  });
  return ({ handle, offset }) => ({ handle: partner.get(handle) ?? handle, offset });
}

function memoryOf(t: Tensor): MemoryRange {
  return { ...t.binding(), length: t.size };
}

const noHandles: readonly Handle[] = [];

/** The type of the parameters' floats. */
function floatType(params: unknown): DType {
  return leaves(params).find((v) => v.dtype !== "int32")?.dtype ?? "float32";
}
