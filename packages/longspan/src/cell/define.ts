import { check, checkSettings, type KindsOf, record } from "../check/index.js";
import { type DType, type Key, leafEntries, leaves, type Value } from "../tensor/index.js";
import { dtypeKind, keyKind } from "../tensor/kinds.js";
import { checkDefinition, checkInputShapes, checkSets, checkSlotShapes } from "./check-definition.js";
import { stepOf } from "./compose.js";
import { checkMessages, type MessageReduction, type MessageReductions } from "./messages.js";
import { checkParts, type SizedPart, sizesOf } from "./sizes.js";
import { type StartOf, startOf } from "./start.js";
import {
  type EdgeContext,
  type InputSpecs,
  isSpec,
  type OperandSpecs,
  type OperandsOf,
  type ParamsOf,
  type ParamValues,
  type SetSpecs,
  type Shapes,
  type StepContext,
  type StepResult,
  type ValuesOf,
} from "./step.js";
import { type Erased, type TracedCell, traceCell } from "./trace-cell.js";
import { CellError } from "./verify.js";

/** The state as a step reads it: by slot, or by port and slot where the cell names its ports. */
export type StateRead<S, Ports extends string> = [Ports] extends [never]
  ? ValuesOf<S>
  : { readonly [K in Ports]: ValuesOf<S> };

/** A cell as its author writes it. `C` is what the cell is configured by, such as its sizes. */
export interface CellDefinition<
  C,
  I extends InputSpecs,
  S extends Shapes,
  P,
  O,
  Ports extends string,
  Q extends InputSpecs,
  M extends Shapes,
  R extends InputSpecs,
  N,
  T extends SetSpecs = Record<never, never>,
  E extends InputSpecs = Record<never, never>,
> {
  /** The cell's name in messages and printed programs. */
  readonly name: string;
  /**
   * The kind of each setting, which are checked by name before anything is made of them.
   * @internal
   */
  readonly settings?: KindsOf<NoInfer<C>>;
  /** Inputs that differ at every node. */
  readonly inputs: (config: C) => I;
  /** Inputs that all nodes of a sequence share, one row per sequence. */
  readonly sequenceInputs?: (config: C) => Q;
  /** Inputs that all nodes share and that may change between runs, such as a temperature. */
  readonly sharedInputs?: (config: C) => R;
  /**
   * Sets that every node of a sequence can read, each with the inputs of its members, such as `{ source: { key: [8] } }`. A set has any
   * number of members; `structure.withSets` says how many. At most four.
   */
  readonly sets?: (config: C) => T;
  /**
   * Inputs that edges have of their own, such as labels, which the edge step reads: a row for each edge that leads to a node, in the order
   * of `structure.packEdges`.
   */
  readonly edgeInputs?: (config: C) => E;
  /** The recurrent state: named slots of any shape. */
  readonly state: (config: C) => S;
  /**
   * Where sequences start, by slot of the state: a value of the slot's shape, or a number for all of it; zeros for slots that it leaves
   * out. It is a function of the parameters, so that a start can be learned: `start: ({ h0 }) => ({ h: h0 })`. Where `unfold` is given
   * an `initial` state, that counts.
   */
  readonly start?: (params: ParamValues<NoInfer<P>>, dtype: DType) => StartOf<NoInfer<S>>;
  /** The parameters: a tree of specifications, as initialisers such as `glorot` make them. */
  readonly params: (config: C) => P;
  /** Names of the ways in, for structures in which a node has several predecessors of different kinds, such as `["left", "right"]`. */
  readonly ports?: readonly Ports[];
  /** What an edge step hands on, if that is not shaped like the state. */
  readonly message?: (config: C) => M;
  /**
   * How the messages that come along a node's edges become what its step reads, by slot of the message, such as `{ h: "max" }`: summed by
   * default. A node without edges reads zeros.
   */
  readonly messages?: Readonly<
    Partial<Record<keyof NoInfer<M> & string, MessageReduction<keyof NoInfer<M> & string>>>
  >;
  /** Runs over edges: from the state at the source, the inputs at the target and those of the edge to a message. */
  readonly edge?: (
    values: ValuesOf<NoInfer<I>> &
      ValuesOf<NoInfer<Q>> &
      ValuesOf<NoInfer<R>> &
      ValuesOf<NoInfer<E>> &
      ValuesOf<NoInfer<S>>,
    params: ParamValues<P>,
    context: EdgeContext<NoInfer<S>>,
  ) => ValuesOf<NoInfer<M>>;
  /** One step: inputs and old state to new state and output. */
  readonly step: (
    values: ValuesOf<NoInfer<I>> &
      ValuesOf<NoInfer<Q>> &
      ValuesOf<NoInfer<R>> &
      OperandsOf<NoInfer<T>> &
      StateRead<NoInfer<M>, NoInfer<Ports>>,
    params: ParamValues<P>,
    context: StepContext,
  ) => StepResult<S, O, N>;
}

/**
 * A configured cell: shapes, parameters and a step. Made by `defineCell`; run by `unfold`.
 * @example
 * const cell = lstm({ input: 3, hidden: 4 });
 * cell.state // { h: [ 4 ], s: [ 4 ] }
 * cell.init(Key.of(1)).U.shape // [ 3, 16 ]
 */
export class Cell<
  I extends OperandSpecs = InputSpecs,
  S extends Shapes = Shapes,
  P = unknown,
  O = unknown,
  N = unknown,
> {
  /** The form of the sums over nodes; a type only. */
  declare readonly sums: N;
  /** The names of all inputs; a type only. */
  declare readonly operands: I;
  private readonly traces = new Map<string, TracedCell<O>>();

  /** @internal */
  constructor(
    readonly name: string,
    /** Inputs per node. */
    readonly inputs: InputSpecs,
    readonly sequenceInputs: InputSpecs,
    readonly sharedInputs: InputSpecs,
    /** Inputs per member, by set. */
    readonly sets: SetSpecs,
    /** Inputs per edge. */
    readonly edgeInputs: InputSpecs,
    readonly state: S,
    readonly message: Shapes,
    /** How messages become what a step reads; null where they are summed. */
    readonly messages: MessageReductions | null,
    readonly ports: readonly string[],
    /** The specifications of the parameters. */
    readonly specs: P,
    /** @internal */
    readonly definition: Erased,
  ) {}

  /** Initial parameters. Each parameter's stream depends on its path, so adding one leaves the others as they were. */
  init(key: Key, dtype: DType = "float32"): ParamsOf<P> {
    check(`${this.name}.init`, "key", key, keyKind);
    check(`${this.name}.init`, "dtype", dtype, dtypeKind);
    return initialise(this.specs, key, dtype, "");
  }

  /**
   * One step, as a part of another cell's step: from inputs and old state by name to new state and output. The outer cell declares the
   * parameters among its own, as `specs`, so that they nest; its step hands on its context if this one draws or asks for its position.
   * Where this cell has an edge step, what it reads are messages; the outer cell's edge step makes them.
   *
   * @param values inputs, members of sets, and the state, by name; with ports, the state by port
   * @param params of the form that `init` gives
   * @throws CellError for a value or parameter that is missing; ShapeError for one of another shape
   * @example
   * const inner = gru({ input: 3, hidden: 4 });
   * const deep = defineCell({
   *   name: "deepTransition",
   *   inputs: () => ({ x: [3] }),
   *   state: () => ({ h: [4] }),
   *   params: () => ({ inner: inner.specs, W: glorot(4, 4) }),
   *   step({ x, h }, { inner: own, W }, context) {
   *     const between = tanh(matmul(h, W));
   *     return inner.step({ x, h: between }, own, context);
   *   },
   * })(undefined);
   * Object.keys(deep.init(Key.of(1)).inner) // those of a GRU
   */
  step(
    values: OperandsOf<I> & ValuesOf<S>,
    params: ParamValues<P>,
    context?: StepContext,
  ): StepResult<S, O, N> {
    check(`${this.name}.step`, "values", values, record);
    return stepOf(this, values, params, context) as StepResult<S, O, N>;
  }

  /**
   * The slots of the state that do not start from zeros, each of its slot's shape: what the definition's `start` gives. A cell that is made
   * of this one hands them on: `start: ({ inner: own }, dtype) => inner.start(own, dtype)`.
   *
   * @example
   * const counting = defineCell({
   *   name: "counting",
   *   inputs: () => ({}),
   *   state: () => ({ n: [1] }),
   *   start: () => ({ n: 10 }),
   *   params: () => ({}),
   *   step: ({ n }) => ({ state: { n: add(n, 1) }, output: n }),
   * })(undefined);
   * counting.start({}, "float32").n // [10]
   */
  start(params: ParamValues<P>, dtype: DType): Partial<ValuesOf<S>> {
    check(`${this.name}.start`, "dtype", dtype, dtypeKind);
    return startOf(this, params, dtype) as Partial<ValuesOf<S>>;
  }

  /** The cell's graph, its floats of the given type. */
  trace(dtype: DType): TracedCell<O> {
    check(`${this.name}.trace`, "dtype", dtype, dtypeKind);
    let traced = this.traces.get(dtype);
    if (!traced) {
      traced = traceCell(this, dtype) as TracedCell<O>;
      this.traces.set(dtype, traced);
    }
    return traced;
  }
}

/**
 * Defines a cell from the equations of one step. The result is a function from the configuration to a cell.
 *
 * A step is pure. It sees one node: features only, no batch and no time. What it returns under `state` must have the
 * names and shapes of the state that it got.
 *
 * @throws CellError for a part that a definition does not have; by the function that it gives, for what is no shape
 * @example
 * const leaky = defineCell({
 *   name: "leaky",
 *   inputs: ({ size }: { size: number }) => ({ x: [size] }),
 *   state: ({ size }) => ({ h: [size] }),
 *   params: ({ size }) => ({ W: glorot(size, size) }),
 *   step({ x, h }, { W }) {
 *     const next = add(mul(h, 0.9), mul(tanh(add(matmul(h, W), x)), 0.1));
 *     return { state: { h: next }, output: next };
 *   },
 * });
 */
export function defineCell<
  C,
  I extends InputSpecs,
  S extends Shapes,
  P,
  O,
  Ports extends string = never,
  Q extends InputSpecs = Record<never, never>,
  M extends Shapes = S,
  R extends InputSpecs = Record<never, never>,
  N = Record<never, never>,
  T extends SetSpecs = Record<never, never>,
  E extends InputSpecs = Record<never, never>,
>(
  definition: CellDefinition<C, I, S, P, O, Ports, Q, M, R, N, T, E>,
): (config: C) => Cell<I & Q & R & T & E, S, P, O, N> {
  checkParts(definition);
  const { name } = definition;
  checkDefinition(name, definition);
  return (config) => {
    if (definition.settings) checkSettings(name, config as object, definition.settings as KindsOf<object>);
    const sizes = <T>(part: SizedPart, f: () => T): T => sizesOf(name, part, f, config);
    const inputs = sizes("inputs", () => definition.inputs(config));
    const state = sizes("state", () => definition.state(config));
    const sequenceInputs = sizes("sequenceInputs", () => definition.sequenceInputs?.(config) ?? ({} as Q));
    const sharedInputs = sizes("sharedInputs", () => definition.sharedInputs?.(config) ?? ({} as R));
    const sets = sizes("sets", () => definition.sets?.(config) ?? ({} as T));
    const edgeInputs = sizes("edgeInputs", () => definition.edgeInputs?.(config) ?? ({} as E));
    const message = sizes("message", () => definition.message?.(config) ?? state);
    checkInputShapes(name, "inputs", inputs);
    checkInputShapes(name, "sequenceInputs", sequenceInputs);
    checkInputShapes(name, "sharedInputs", sharedInputs);
    checkSets(name, sets);
    checkInputShapes(name, "edgeInputs", edgeInputs);
    if (!definition.edge && Object.keys(edgeInputs).length > 0)
      throw new CellError(`cell ${name}: edgeInputs are read by the edge step, which the cell does not have`);
    checkSlotShapes(name, "state", state);
    checkSlotShapes(name, "message", message);
    const messages = (definition.messages as MessageReductions | undefined) ?? null;
    if (messages) checkMessages(name, messages, definition.edge ? message : state);
    const names = [inputs, sequenceInputs, sharedInputs, sets, edgeInputs, state].flatMap((specs) =>
      Object.keys(specs),
    );
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new CellError(`cell ${name}: "${twice}" names two of its inputs, sets and state slots`);
    return new Cell<I & Q & R & T & E, S, P, O, N>(
      name,
      inputs,
      sequenceInputs,
      sharedInputs,
      sets,
      edgeInputs,
      state,
      message,
      messages,
      definition.ports ?? [],
      sizes("params", () => definition.params(config)),
      definition as unknown as Erased,
    );
  };
}

function initialise<P>(specs: P, key: Key, dtype: DType, path: string, around = ""): ParamsOf<P> {
  if (isSpec(specs)) {
    const own = key.fold(hashPath(specs.isDrawnWithSiblings ? around : path));
    return specs.initialise(own, specs.shape, specs.dtype ?? dtype) as ParamsOf<P>;
  }
  if (Array.isArray(specs))
    return specs.map((s, i) => initialise(s, key, dtype, `${path}[${i}]`, path)) as unknown as ParamsOf<P>;
  const out: Record<string, unknown> = {};
  for (const [k, s] of Object.entries(specs as Record<string, unknown>))
    out[k] = initialise(s, key, dtype, path === "" ? k : `${path}.${k}`, path);
  return out as ParamsOf<P>;
}

/** FNV-1a over the characters. */
function hashPath(path: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) h = Math.imul(h ^ path.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * The parameter of a tree that a path names.
 * @example paramAt({ layers: [{ W: zeros([2, 3]) }] }, "layers[0].W")!.shape // [ 2, 3 ]
 */
export function paramAt(params: unknown, path: string): Value | undefined {
  const entry = leafEntries(params).find(([p]) => p === path);
  return entry?.[1] ?? (path === "" ? leaves(params)[0] : undefined);
}
