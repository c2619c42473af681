import { Trace, Var } from "../autodiff/index.js";
import { apply, type Op, type Scope, sumToOp, uniformOp, withAmbient } from "../ops/index.js";
import {
  type DType,
  formatShape,
  type Key,
  leafEntries,
  leaves,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
  Value,
} from "../tensor/index.js";
import type { CellGraph, CellOutput, Port, Slot } from "./graph.js";
import { printCell } from "./print.js";
import { simplify } from "./simplify.js";
import { CellError, verifyCell } from "./verify.js";

/** A parameter to be: its shape and how it is initialised. */
export interface ParamSpec {
  readonly shape: Shape;
  readonly initialise: (key: Key, shape: Shape, dtype: DType) => Tensor;
}

/** The shape of an input; floats unless a type is named. */
export type InputSpec = Shape | { readonly shape: Shape; readonly dtype: DType };

/** Named shapes. */
export type Shapes = Readonly<Record<string, Shape>>;
/** Named input shapes. */
export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** Values under the same names. */
export type ValuesOf<S> = { readonly [K in keyof S]: Value };

/** A tree of parameter specifications as the tree of their tensors. */
export type ParamsOf<P> = P extends ParamSpec ? Tensor : { [K in keyof P]: ParamsOf<P[K]> };

/** A tree of parameter specifications as the tree of their values. */
export type ParamValues<P> = P extends ParamSpec ? Value : { [K in keyof P]: ParamValues<P[K]> };

/** What a step may ask for besides its operands. */
export interface StepContext {
  /**
   * Uniform numbers in [0, 1), drawn afresh at every node, or once per sequence and the same at all its nodes. They depend
   * on the key given to `unfold`, the sequence and the node only, so a sequence run alone draws the same.
   */
  uniform(shape: Shape, options?: { per?: "node" | "sequence" }): Value;
}

/** What a step returns. */
export interface StepResult<S extends Shapes, O, N> {
  /** The new state: the slots and shapes of the old one. */
  readonly state: ValuesOf<S>;
  /** What the node gives: a value, or a tree of values. */
  readonly output: O;
  /** Values that are summed over the nodes of each sequence, such as a loss. */
  readonly sums?: N;
}

type StateRead<S, Ports extends string> = [Ports] extends [never]
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
> {
  readonly name: string;
  /** Inputs that differ at every node. */
  readonly inputs: (config: C) => I;
  /** Inputs that all nodes of a sequence share, one row per sequence. */
  readonly sequenceInputs?: (config: C) => Q;
  /** Inputs that all nodes share and that may change between runs, such as a temperature. */
  readonly sharedInputs?: (config: C) => R;
  /** The recurrent state: named slots of any shape. */
  readonly state: (config: C) => S;
  readonly params: (config: C) => P;
  /** Names of the ways in, for structures in which a node has several predecessors of different kinds, such as `["left", "right"]`. */
  readonly ports?: readonly Ports[];
  /** What an edge step hands on, if that is not shaped like the state. */
  readonly message?: (config: C) => M;
  /** Runs over edges: from the state at the source and the inputs at the target to a message; messages to a node are summed. */
  readonly edge?: (values: ValuesOf<NoInfer<I>> & ValuesOf<NoInfer<S>>, params: ParamValues<P>) => ValuesOf<NoInfer<M>>;
  /** One step: inputs and old state to new state and output. */
  readonly step: (
    values: ValuesOf<NoInfer<I>> & ValuesOf<NoInfer<Q>> & ValuesOf<NoInfer<R>> & StateRead<NoInfer<M>, NoInfer<Ports>>,
    params: ParamValues<P>,
    context: StepContext,
  ) => StepResult<S, O, N>;
}

/** Where an operand of the traced graph comes from. */
export type OperandSource =
  | { readonly from: "param"; readonly path: string }
  | { readonly from: "input"; readonly name: string }
  /** A node's input, seen by the edges that lead to the node. */
  | { readonly from: "edgeInput"; readonly name: string }
  | { readonly from: "key" | "example" | "position" };

/** A cell's equations with the names that its author gave. */
export interface TracedCell<O> {
  readonly graph: CellGraph;
  readonly sources: readonly OperandSource[];
  /** The form of the output, with the graph's variables at the leaves. */
  readonly output: O;
  /** The form of the sums. */
  readonly sums: unknown;
}

/** A configured cell: shapes, parameters and a step. Made by `defineCell`; run by `unfold`. */
export class Cell<
  I extends InputSpecs = InputSpecs,
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
    readonly state: S,
    readonly message: Shapes,
    readonly ports: readonly string[],
    /** The specifications of the parameters. */
    readonly specs: P,
    private readonly definition: Erased,
  ) {}

  get hasEdgeStep(): boolean {
    return this.definition.edge !== undefined;
  }

  /** Initial parameters. Each parameter's stream depends on its path, so adding one leaves the others as they were. */
  init(key: Key, dtype: DType = "float32"): ParamsOf<P> {
    return initialise(this.specs, key, dtype, "");
  }

  /** The cell's graph, its floats of the given type. */
  trace(dtype: DType): TracedCell<O> {
    let traced = this.traces.get(dtype);
    if (!traced) {
      traced = traceCell(this, this.definition, dtype) as TracedCell<O>;
      this.traces.set(dtype, traced);
    }
    return traced;
  }
}

interface Erased {
  edge?: ((values: never, params: never) => ValuesOf<Shapes>) | undefined;
  step: (values: never, params: never, context: StepContext) => StepResult<Shapes, unknown, unknown>;
}

/**
 * Defines a cell from the equations of one step. The result is a function from the configuration to a cell.
 *
 * A step is pure. It sees one node: features only, no batch and no time. What it returns under `state` must have the
 * names and shapes of the state that it got.
 *
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
>(definition: CellDefinition<C, I, S, P, O, Ports, Q, M, R, N>): (config: C) => Cell<I & Q & R, S, P, O, N> {
  return (config) => {
    const inputs = definition.inputs(config);
    const state = definition.state(config);
    const sequenceInputs = definition.sequenceInputs?.(config) ?? {};
    const sharedInputs = definition.sharedInputs?.(config) ?? {};
    const names = [inputs, sequenceInputs, sharedInputs, state].flatMap((specs) => Object.keys(specs));
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new CellError(`cell ${definition.name}: "${twice}" names two of its inputs and state slots`);
    return new Cell<I & Q & R, S, P, O, N>(
      definition.name,
      inputs,
      sequenceInputs,
      sharedInputs,
      state,
      definition.message?.(config) ?? state,
      definition.ports ?? [],
      definition.params(config),
      definition as unknown as Erased,
    );
  };
}

function isSpec(v: unknown): v is ParamSpec {
  return typeof v === "object" && v !== null && "initialise" in v && "shape" in v;
}

function initialise<P>(specs: P, key: Key, dtype: DType, path: string): ParamsOf<P> {
  if (isSpec(specs)) return specs.initialise(key.fold(hashPath(path)), specs.shape, dtype) as ParamsOf<P>;
  if (Array.isArray(specs))
    return specs.map((s, i) => initialise(s, key, dtype, `${path}[${i}]`)) as unknown as ParamsOf<P>;
  const out: Record<string, unknown> = {};
  for (const [k, s] of Object.entries(specs as Record<string, unknown>))
    out[k] = initialise(s, key, dtype, path === "" ? k : `${path}.${k}`);
  return out as ParamsOf<P>;
}

/** FNV-1a over the characters. */
function hashPath(path: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) h = Math.imul(h ^ path.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

const interned = new Map<string, CellGraph>();

function traceCell(cell: Cell, definition: Erased, dtype: DType): TracedCell<unknown> {
  const trace = new Trace(1, (v, op) => rejectCaptured(cell.name, v, op));
  const values: { name: string; variable: Var; source: OperandSource }[] = [];
  const enter = (name: string, shape: Shape, type: DType, scope: Scope, source: OperandSource) => {
    const variable = trace.variable({ shape, dtype: type }, scope);
    values.push({ name, variable, source });
    return variable;
  };
  const params = specValues(cell.specs, "", (path, spec) =>
    enter(path, spec.shape, dtype, "one", { from: "param", path }),
  );
  const operands = (specs: InputSpecs, scope: Scope, from: "input" | "edgeInput") =>
    Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => {
        const { shape, dtype: type } = inputSpec(spec, dtype);
        return [name, enter(from === "input" ? name : `${name}@edge`, shape, type, scope, { from, name })];
      }),
    );
  const inputs = {
    ...operands(cell.inputs, "node", "input"),
    ...operands(cell.sequenceInputs, "sequence", "input"),
    ...operands(cell.sharedInputs, "one", "input"),
  };
  const slots = slotsOf(cell.state, dtype);
  const messageSlots = cell.hasEdgeStep ? slotsOf(cell.message, dtype) : slots;
  const names = cell.ports.length > 0 ? cell.ports : ["in"];
  const inPorts: Port[] = names.map((name) => ({ name, slots: messageSlots }));
  const stateIn = inPorts.map((p) => p.slots.map((s) => trace.variable(s, "node")));
  const byName = (vars: readonly Value[], of: readonly Slot[]) =>
    Object.fromEntries(of.map((s, i) => [s.name, vars[i]!]));
  const read =
    cell.ports.length > 0
      ? Object.fromEntries(names.map((n, i) => [n, byName(stateIn[i]!, messageSlots)]))
      : byName(stateIn[0]!, messageSlots);

  return withAmbient(trace, () => {
    let edge: CellGraph["edge"] = null;
    if (definition.edge) {
      const state = slots.map((s) => trace.variable(s, "edge"));
      const edgeInputs = operands(cell.inputs, "edge", "edgeInput");
      const message = definition.edge({ ...edgeInputs, ...byName(state, slots) } as never, params as never);
      edge = {
        when: "pull",
        state,
        message: checkSlots(cell.name, "the edge step's message", message, messageSlots),
      };
    }
    const result = definition.step({ ...inputs, ...read } as never, params as never, context(enter, dtype));
    if (typeof result !== "object" || result === null || typeof result.state !== "object")
      throw new CellError(`cell ${cell.name}: the step must return { state, output }`);
    const stateOut = [checkSlots(cell.name, "the new state", result.state, slots)];
    const outputs: CellOutput[] = leafEntries(result.output).map(([path, value]) => {
      if (!(value instanceof Var)) rejectCaptured(cell.name, value, null);
      return { name: path === "" ? "output" : path, value, scope: "node" };
    });
    for (const [path, value] of leafEntries(result.sums)) {
      if (!(value instanceof Var)) rejectCaptured(cell.name, value, null);
      if (value.scope !== "node")
        throw new CellError(
          `cell ${cell.name}: the sum "${path}" does not depend on the node, so there is nothing to add up`,
        );
      outputs.push({
        name: `sum.${path}`,
        value: apply(sumToOp, { from: "node", to: "sequence" }, value),
        scope: "sequence",
      });
    }
    const used = new Set<Value>([
      ...trace.equations.flatMap((eq) => eq.inputs),
      ...outputs.map((o) => o.value),
      ...stateOut.flat(),
      ...(edge?.message ?? []),
    ]);
    const kept = values.filter((v) => used.has(v.variable));
    const graph = simplify({
      name: cell.name,
      inPorts,
      outPorts: [{ name: "out", slots }],
      sourceSlots: slots,
      sinkSlots: slots,
      values: kept.map(({ name, variable }) => ({ name, variable })),
      stateIn,
      edge,
      equations: trace.equations,
      stateOut,
      outputs,
    });
    verifyCell(graph);
    const text = printCell(graph);
    const known = interned.get(text) ?? graph;
    interned.set(text, known);
    return {
      graph: known,
      sources: kept.map((v) => v.source),
      output: result.output,
      sums: result.sums ?? {},
    };
  });
}

function context(
  enter: (name: string, shape: Shape, type: DType, scope: Scope, source: OperandSource) => Var,
  dtype: DType,
): StepContext {
  let sites = 0;
  const known = new Map<string, Var>();
  const coordinate = (from: "key" | "example" | "position", shape: Shape, scope: Scope) => {
    const v = known.get(from) ?? enter(from, shape, "int32", scope, { from });
    known.set(from, v);
    return v;
  };
  return {
    uniform(shape, { per = "node" } = {}) {
      const key = coordinate("key", [2], "one");
      const example = coordinate("example", [], "sequence");
      const attrs = { shape, dtype, site: sites++ };
      if (per === "sequence") return apply(uniformOp, attrs, key, example, example);
      return apply(uniformOp, attrs, key, example, coordinate("position", [], "node"));
    },
  };
}

function specValues(specs: unknown, path: string, f: (path: string, spec: ParamSpec) => Value): unknown {
  if (isSpec(specs)) return f(path, specs);
  if (Array.isArray(specs)) return specs.map((s, i) => specValues(s, `${path}[${i}]`, f));
  const out: Record<string, unknown> = {};
  for (const [k, s] of Object.entries(specs as Record<string, unknown>))
    out[k] = specValues(s, path === "" ? k : `${path}.${k}`, f);
  return out;
}

function inputSpec(spec: InputSpec, dtype: DType): { shape: Shape; dtype: DType } {
  return "shape" in spec ? spec : { shape: spec, dtype };
}

function slotsOf(shapes: Shapes, dtype: DType): Slot[] {
  return Object.entries(shapes).map(([name, shape]) => ({ name, shape, dtype }));
}

function checkSlots(cell: string, what: string, given: ValuesOf<Shapes>, slots: readonly Slot[]): Value[] {
  for (const name of Object.keys(given))
    if (!slots.some((s) => s.name === name))
      throw new CellError(
        `cell ${cell}: ${what} has a slot "${name}" that is not declared (declared: ${slots.map((s) => s.name).join(", ") || "none"})`,
      );
  return slots.map((s) => {
    const v = given[s.name];
    if (!(v instanceof Value)) throw new CellError(`cell ${cell}: ${what} lacks the slot "${s.name}"`);
    if (v instanceof Tensor) rejectCaptured(cell, v, null);
    if (!sameShape(v.shape, s.shape) || v.dtype !== s.dtype)
      throw new ShapeError(
        `cell ${cell}: slot "${s.name}" of ${what} is ${v.dtype} ${formatShape(v.shape)}, expected ${s.dtype} ${formatShape(s.shape)} as declared`,
      );
    return v;
  });
}

function rejectCaptured(cell: string, v: Value, op: Op | null): never {
  const what = v instanceof Tensor ? "a tensor" : "a value";
  throw new CellError(
    `cell ${cell}: the step captures ${what} from outside (${v.dtype} ${formatShape(v.shape)}${op ? `, used in ${op.name}` : ""}); a step may use only its operands: pass it as a parameter or an input`,
  );
}

/** The parameter of a tree that a path names. */
export function paramAt(params: unknown, path: string): Value | undefined {
  const entry = leafEntries(params).find(([p]) => p === path);
  return entry?.[1] ?? (path === "" ? leaves(params)[0] : undefined);
}
