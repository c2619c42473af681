import type { InputSpec, InputSpecs } from "../../cell/index.js";
import {
  check,
  checkSettings,
  count,
  func,
  isRecord,
  kind,
  numbers,
  optional,
  type RequiredKind,
  text,
} from "../../check/index.js";
import { newArray } from "../../program/index.js";
import { IndexError } from "../../program/index-error.js";
import { isRecordable, type RecordableExecutor } from "../../recording/index.js";
import {
  type DType,
  defaultExecutor,
  formatShape,
  fromArray,
  type Key,
  keep,
  leafEntries,
  leaves,
  mapTree,
  onCpu,
  ShapeError,
  sameShape,
  scope,
  Tensor,
  type TypedArray,
  type Value,
  zeros,
} from "../../tensor/index.js";
import { dtypeKind, shapeKind, treeKind } from "../../tensor/kinds.js";
import { chain, type Structure } from "../../unfold/index.js";
import { FormedValues } from "./formed-values.js";
import { inputOf, type NumbersOf, PreparedSteps } from "./prepared-steps.js";
import type { RowNumbers } from "./step-input.js";
import { checkStreamOptions, type FurtherInputs, type StreamOptions, streamKinds } from "./stream-options.js";

/** A tree of states of which any part may be left out: those start as sequences do, at zero where the cell does not say otherwise. */
export type PartialState<S> = { readonly [K in keyof S]?: S[K] extends Value ? S[K] : PartialState<S[K]> };

/** A model that goes on step by step, with its state, parameters and memory held ready. */
export interface Stream<S, O = Value> {
  /**
   * Goes on by one step: one call into the executor, and no memory taken.
   * @param x one row of the input for each row of the stream, row after row; a number where that is one number, such as a symbol
   * @param inputs the same for further inputs of each step, by name, where the model has some
   * @returns the rows of the output: the same array at each step, overwritten by the next
   * @throws ShapeError if x has another size; TypeError for what is no number, RangeError for NaN, which the state would never be
   * rid of; IndexError for a symbol that is none. The state stays as it was
   */
  step(x: RowNumbers, inputs?: Readonly<Record<string, RowNumbers>>): NumbersOf<O>;
  /**
   * Goes on from other rows: row i of the next step follows row `rows[i]` of the last. A row may be left out, or come several times, as the
   * beams of a search do. A row belongs to its sequence for good, with the sets and inputs of that.
   * @throws IndexError for a row that there is not
   */
  select(rows: ArrayLike<number>): void;
  /** One step of every row: which sequence each belongs to (`parts.sequenceOf`), and the pairs of its rows and members. */
  readonly structure: Structure;
  /** How many steps came before: what positions count from, and draws depend on. Can be set, together with `state`. */
  position: number;
  /** The state after the last step, as a copy: of the form of a layer's `final`, a row for each row of the stream. */
  get state(): S;
  /** Goes on from this state instead, copied; what it lacks is as before the first step. @throws ShapeError if a part has another shape */
  set state(state: PartialState<S>);
  /**
   * Back to before the first step: a row per sequence, the state that sequences start from, position 0. What depends on parameters, sequences and sets alone, such as the
   * keys of attention, is formed when the stream is opened, and here again.
   */
  reset(): void;
  /** Releases its memory and lets go of the parameters. */
  dispose(): void;
}

/** What a step of a stream is run over. */
export interface StreamStep {
  /** One step of every row, with the sets that were given. */
  readonly structure: Structure;
  /** The further inputs of this step, and those that stay. */
  readonly inputs: FurtherInputs;
  readonly key: Key | null;
}

/** What a stream is made of. */
export interface StreamConfig<P, S, O = Value> extends StreamOptions {
  /** What messages call it. */
  readonly name: string;
  /** One row of x. */
  readonly input: InputSpec;
  /** One row of each further input that steps are given. */
  readonly further?: InputSpecs;
  /** Is not changed; lives until the stream is disposed of. A later `write` into a parameter is seen. */
  readonly params: P;
  /** One step on tensors, of all rows. @param x [rows, ...input] @param state null for where it starts @param step what it is run over */
  readonly apply: (
    params: P,
    x: Value,
    state: S | null,
    step: StreamStep,
  ) => { readonly output: O; readonly final: S };
  /** The state before the first step, from no rows of x, over sequences without any step. Zeros by default. */
  readonly start?: (params: P, x: Value, step: StreamStep) => S;
}

/**
 * A stream of any step that hands its state on: what `layer.stream(params)` is made of, for steps of one's own.
 *
 *     y(t), s(t) = apply(x(t), s(t-1)),   s(0) what sequences start from
 *
 * The step is run once, what it asks of the executor is noted, and that is repeated from then on; so it must be a pure
 * function of ops, the same for every x. The numbers are those of the step applied by hand. After `select`, the step is run and noted once
 * more where the rows belong to sequences in another way than before.
 *
 * The output is a value, or a tree of values by name, each with a leading axis that the structure of the step has.
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
 *   apply(p, x, state, { structure }) {
 *     const { output, final } = layer.apply(p.layer, x, structure, state ? { initial: state } : {});
 *     return { output: readout.apply(p.readout, output), final };
 *   },
 * });
 * stream.step([0.5, -1]); // Float32Array of 1 number
 * stream.dispose();
 */
export function openStream<P, S, O = Value>(config: StreamConfig<P, S, O>): Stream<S, O> {
  checkSettings<StreamConfig<P, S, O>>("openStream", config, kinds);
  for (const [name, spec] of Object.entries(config.further ?? {}))
    check("openStream", `further.${name}`, spec, inputKind);
  const sequences = checkStreamOptions("openStream", config);
  const executor = defaultExecutor();
  if (!isRecordable(executor))
    throw new TypeError(
      `${config.name}: a stream needs an executor that is read at once, ${executor.name} is not`,
    );
  for (const [what, tree] of [
    ["parameters", config.params],
    ["inputs", config.inputs ?? {}],
  ] as const)
    for (const [path, v] of leafEntries(tree))
      if (!(v instanceof Tensor) || v.executor !== executor)
        throw new TypeError(
          `${config.name}: a stream needs ${what} that are data on the executor in use, ${executor.name}; ${path} is not`,
        );
  return new OpenStream(config, sequences, executor);
}

/** What a stream holds, for those who keep states of their own: the memory of its state, and whether its steps look at the position. */
export interface StreamInside {
  readonly state: readonly Tensor[];
  readonly looksAtPosition: boolean;
}

/** Beside the streams, since users see what an object has. */
const insides = new WeakMap<object, () => StreamInside>();

/** @throws TypeError for a stream of another make */
export function insideOf(stream: object): StreamInside {
  const inside = insides.get(stream);
  if (!inside)
    throw new TypeError(
      "streamPool: model.stream gives no stream of openStream, so its state cannot be kept",
    );
  return inside();
}

const inputKind = kind(
  "a shape, or a record { shape, dtype }",
  (value) =>
    shapeKind.accepts(value) ||
    (isRecord(value) && shapeKind.accepts(value.shape) && dtypeKind.accepts(value.dtype)),
);
const rowNumbers: RequiredKind = kind("a list of row numbers", numbers.accepts);
const record = kind("a record by name", isRecord);

const kinds = {
  ...streamKinds,
  name: text,
  input: inputKind,
  further: optional(record),
  params: treeKind,
  apply: func,
  start: optional(func),
};

/** Ways in which rows belong to sequences, whose steps are kept ready: a search comes back to few. */
const mostKnown = 8;

class OpenStream<P, S, O> implements Stream<S, O> {
  private readonly params: P;
  private readonly inputs: FurtherInputs;
  private readonly start: Tensor;
  private readonly held: Tensor[] = [];
  private readonly formed: FormedValues;
  /** What each sequence starts from. */
  private readonly begun: S | null;
  private readonly known = new Map<string, { readonly steps: PreparedSteps<S, O>; structure: Structure }>();
  private owners: Int32Array;
  private current: { readonly steps: PreparedSteps<S, O>; readonly structure: Structure } | null;
  private at = 0;

  constructor(
    private readonly config: StreamConfig<P, S, O>,
    private readonly sequences: number,
    private readonly executor: RecordableExecutor,
  ) {
    this.params = this.hold(mapTree(config.params, (v) => (v as Tensor).view(v.shape))) as P;
    this.inputs = this.hold(mapTree(config.inputs ?? {}, (v) => (v as Tensor).view(v.shape)));
    this.formed = new FormedValues(new Set<Value>([...leaves(this.params), ...leaves(this.inputs)]));
    this.start = this.hold(fromArray([0], [], "int32"));
    this.begun = this.stateBefore();
    this.owners = Int32Array.from(Array(this.sequences).keys());
    this.current = this.stepsFor(this.owners);
    insides.set(this, () => {
      const { steps } = this.present();
      return { state: leaves(steps.state) as Tensor[], looksAtPosition: steps.touches(this.start) };
    });
  }

  step(x: RowNumbers, inputs?: Readonly<Record<string, RowNumbers>>): NumbersOf<O> {
    const { steps } = this.present();
    const values = steps.check(x, inputs);
    if (steps.touches(this.start)) this.start.write([this.at]);
    steps.run(values);
    this.at += 1;
    return steps.output;
  }

  select(rows: ArrayLike<number>): void {
    const { steps } = this.present();
    check(this.config.name, "rows", rows, rowNumbers);
    const chosen = Array.from(rows);
    for (const [i, r] of chosen.entries())
      if (!Number.isInteger(r) || r < 0 || r >= this.owners.length)
        throw new IndexError(
          `${this.config.name}: rows[${i}] is ${r}, expected a row of the stream, 0 to ${this.owners.length - 1}`,
        );
    if (chosen.length === 0)
      throw new RangeError(`${this.config.name}: no rows are selected; a stream has at least one`);
    const state = leaves(steps.state).map((v) => rowsOf(v as Tensor, chosen));
    this.owners = Int32Array.from(chosen, (r) => this.owners[r]!);
    this.current = this.stepsFor(this.owners);
    for (const [i, part] of leaves(this.current.steps.state).entries()) (part as Tensor).write(state[i]!);
  }

  get structure(): Structure {
    return this.present().structure;
  }

  get position(): number {
    return this.at;
  }

  set position(position: number) {
    check(this.config.name, "position", position, count);
    this.at = position;
  }

  get state(): S {
    return mapTree(this.present().steps.state, (v) => fromArray(onCpu(v).toArray(), v.shape, v.dtype));
  }

  set state(state: PartialState<S>) {
    const { name } = this.config;
    check(name, "state", state, treeKind);
    const newParts = new Map(leafEntries(state));
    const oldParts = leafEntries(this.present().steps.state);
    for (const path of newParts.keys())
      if (!oldParts.some(([known]) => known === path))
        throw new ShapeError(
          `${name}: the state has no part ${path}; it has ${oldParts.map(([known]) => known).join(", ")}`,
        );
    for (const [path, old] of oldParts) {
      const v = newParts.get(path);
      if (v && !sameShape(v.shape, old.shape))
        throw new ShapeError(
          `${name}: the state's ${path} is ${formatShape(old.shape)}, got ${formatShape(v.shape)}`,
        );
    }
    const begun = leaves(this.begun ?? {}) as Tensor[];
    for (const [i, [path, old]] of oldParts.entries()) {
      const v = newParts.get(path);
      const before = begun[i] ? rowsOf(begun[i], this.owners) : newArray(old.dtype, old.size);
      (old as Tensor).write(v ? onCpu(v).toArray() : before);
    }
  }

  reset(): void {
    this.present();
    this.formed.renew();
    this.owners = Int32Array.from(Array(this.sequences).keys());
    this.current = this.stepsFor(this.owners);
    this.state = {} as PartialState<S>;
    this.at = 0;
  }

  dispose(): void {
    if (this.current === null) return;
    this.current = null;
    for (const { steps } of this.known.values()) steps.dispose();
    this.formed.dispose();
    for (const t of this.held) t.dispose();
  }

  private present(): { readonly steps: PreparedSteps<S, O>; readonly structure: Structure } {
    if (this.current === null) throw new Error(`${this.config.name}: this stream was disposed of`);
    return this.current;
  }

  /** The steps of rows that belong to these sequences: prepared, unless they are ready. */
  private stepsFor(owners: Int32Array): { readonly steps: PreparedSteps<S, O>; structure: Structure } {
    const key = owners.join();
    const found = this.known.get(key) ?? this.prepared(owners);
    this.known.delete(key);
    this.known.set(key, found);
    for (const [oldest, { steps }] of this.known) {
      if (this.known.size <= mostKnown) break;
      steps.dispose();
      this.known.delete(oldest);
    }
    return found;
  }

  /** The state before the first step, a row per sequence; null for zeros. */
  private stateBefore(): S | null {
    const { input, further = {}, key = null, examples, start } = this.config;
    if (!start) return null;
    const structure = this.over(chain(new Array<number>(this.sequences).fill(0), examples && { examples }));
    const none = (spec: InputSpec) => {
      const { shape, dtype } = inputOf(spec, floatType(this.params));
      return zeros([0, ...shape], dtype);
    };
    const others = Object.fromEntries(Object.entries(further).map(([name, spec]) => [name, none(spec)]));
    const step = { structure, inputs: { ...this.inputs, ...others }, key };
    return this.hold(scope(() => this.formed.within(() => start(this.params, none(input), step))));
  }

  /** The state before the first step of rows that belong to these sequences. */
  private begunBy(owners: ArrayLike<number>, final: S): S {
    const { begun } = this;
    if (begun === null) return mapTree(final, (v) => zeros(v.shape, v.dtype)) as S;
    return mapTree(begun, (v) =>
      fromArray(rowsOf(v as Tensor, owners), [owners.length, ...v.shape.slice(1)], v.dtype),
    ) as S;
  }

  private over(bare: Structure): Structure {
    const { sets } = this.config;
    return (sets ? bare.withSets(sets) : bare).startingAt(this.start);
  }

  private prepared(owners: Int32Array) {
    const { name, input, further = {}, key = null, examples, apply } = this.config;
    const structure = this.over(
      chain(new Array<number>(owners.length).fill(1), {
        owners: Array.from(owners),
        sequences: this.sequences,
        ...(examples ? { examples } : {}),
      }),
    );
    const steps = new PreparedSteps<S, O>(
      {
        name,
        input,
        further,
        dtype: floatType(this.params),
        structure,
        begun: (final) => this.begunBy(owners, final),
        apply: (x, others, state) =>
          this.formed.within(() =>
            apply(this.params, x, state, { structure, inputs: { ...this.inputs, ...others }, key }),
          ),
      },
      this.executor,
    );
    return { steps, structure };
  }

  private hold<T>(tree: T): T {
    this.held.push(...(leaves(keep(tree)) as Tensor[]));
    return tree;
  }
}

/** Some rows of a value, in this order. */
function rowsOf(value: Tensor, rows: ArrayLike<number>): TypedArray {
  const all = onCpu(value).toArray();
  const width = value.size / value.shape[0]!;
  const chosen = newArray(value.dtype, rows.length * width);
  for (const [i, r] of Array.from(rows).entries())
    chosen.set(all.subarray(r * width, (r + 1) * width), i * width);
  return chosen;
}

/** The type of the parameters' floats. */
export function floatType(params: unknown): DType {
  return leaves(params).find((v) => v.dtype !== "int32")?.dtype ?? "float32";
}
