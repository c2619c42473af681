import { evaluate } from "../autodiff/index.js";
import {
  type Cell,
  type CellGraph,
  type InputSpecs,
  type OperandSource,
  type ParamsOf,
  paramAt,
  reenter,
  type Shapes,
  simplify,
  substitute,
  type ValuesOf,
} from "../cell/index.js";
import { splitProducts } from "../compile/index.js";
import { applyAll, cast, clipGradientOp, gather, withAmbient } from "../ops/index.js";
import {
  type DType,
  formatShape,
  fromArray,
  type Key,
  leaves,
  mapTree,
  ShapeError,
  type Traceable,
  Value,
} from "../tensor/index.js";
import { type Backward, checkBackward } from "./backward.js";
import { checkpointedUnfoldOp } from "./checkpointed.js";
import { plainLoop } from "./plain-loop.js";
import { type ProbedSlots, type Probes, withProbes } from "./probes.js";
import { layoutOf } from "./schedule.js";
import { checkBlocks } from "./structures/blocks.js";
import { indexTensor, Structure, StructureError } from "./structures/structure.js";
import { type UnfoldAttrs, unfoldOp } from "./unfold-op.js";

/** How a cell is unfolded. */
export interface UnfoldOptions<S extends Shapes> {
  /** Initial states, one row per sequence [sequences, ...slot]; zeros where not given. Differentiable. */
  readonly initial?: Partial<ValuesOf<S>>;
  /** The key of the cell's random draws; needed if the cell draws. */
  readonly key?: Key;
  /** How it is differentiated; full unless given. */
  readonly backward?: Backward;
  /** Clips the gradient that flows back through each state read to [-clipState, clipState], element by element (Graves 2013). */
  readonly clipState?: number;
  /** Values added to the states at every node, to see what flows through the recurrence. For cells with one in-port. */
  readonly probes?: Probes<S>;
  /** Also return the state at every node. */
  readonly states?: boolean;
  /** `plain` runs the slow definition, a loop over nodes in ordinary ops. For tests and teaching. */
  readonly loop?: "compiled" | "plain";
}

/** What an unfold gives. */
export interface Unfolded<S extends Shapes, O, N> {
  /** The cell's output at every node: [nodes, ...] in row order, in the form that the cell returned. */
  readonly output: O;
  /** Final states, one row per sequence: [sequences, ...slot]. For trees, the states of the roots. */
  readonly final: ValuesOf<S>;
  /** What the step returned under `sums`, added over the nodes of each sequence: [sequences, ...]. */
  readonly sums: N;
  /** States at every node, if asked for. */
  readonly states: ValuesOf<S> | null;
}

/**
 * Unfolds a cell over a structure: at every node, the state arriving along the edges and the node's inputs go in, a new state
 * and an output come out. The same cell and parameters serve every node, length and batch.
 *
 * @param params as made by `cell.init`
 * @param inputs for each input of the cell: [nodes, ...] rows of the structure; sequence inputs: [sequences, ...]; shared
 * inputs as declared
 * @throws ShapeError naming the operand, what it is and what it should be
 * @example
 * const cell = lstm({ input: 3, hidden: 4 });
 * const params = cell.init(Key.of(1));
 * const { output, final } = unfold(cell, params, { x: zeros([4, 3]) }, chain([3, 1]));
 * // output: [4, 4], final.h: [2, 4]
 */
export function unfold<I extends InputSpecs, S extends Shapes, P, O, N>(
  cell: Cell<I, S, P, O, N>,
  params: Traceable<ParamsOf<P>>,
  inputs: ValuesOf<I>,
  structure: Structure,
  options: UnfoldOptions<S> = {},
): Unfolded<S, O, N> {
  const { initial = {}, backward = { kind: "full" }, loop = "compiled" } = options;
  if (!(structure instanceof Structure))
    throw new TypeError(
      `unfold ${cell.name}: the structure is made by chain(), trees() or graph(), got ${typeof structure}`,
    );
  if (typeof inputs !== "object" || inputs === null)
    throw new TypeError(
      `unfold ${cell.name}: the inputs are a record of values by name, got ${inputs === null ? "null" : typeof inputs}`,
    );
  if (loop !== "compiled" && loop !== "plain")
    throw new TypeError(`unfold ${cell.name}: loop is "compiled" or "plain", got ${JSON.stringify(loop)}`);
  checkBackward(backward);
  if (backward.kind === "truncated") structure.checkClock();
  if (backward.kind === "checkpointed") checkBlocks(structure);
  const dtype = floatType(params, inputs);
  const traced = cell.trace(dtype);
  const probed = probedSlots(cell, options.probes);
  const graph = prepare(traced.graph, options.clipState ?? null, options.states ?? false, probed);
  checkPorts(cell, graph, structure);
  const declared = [cell.inputs, cell.sequenceInputs, cell.sharedInputs].flatMap((specs) =>
    Object.keys(specs),
  );
  for (const name of Object.keys(inputs))
    if (!declared.includes(name))
      throw new ShapeError(
        `unfold ${cell.name}: "${name}" is not an input of the cell (inputs: ${declared.join(", ") || "none"})`,
      );
  for (const name of Object.keys(initial))
    if (!Object.hasOwn(cell.state, name))
      throw new ShapeError(
        `unfold ${cell.name}: initial state "${name}" is not a slot of the cell (slots: ${Object.keys(cell.state).join(", ")})`,
      );
  if (Object.keys(initial).length > 0 && structure.parts.sources === 0)
    throw new StructureError(
      `unfold ${cell.name}: initial states over a structure without sources; nodes of trees and graphs that read nothing start from zeros`,
    );
  const slots = Object.keys(cell.state);
  const initialOf = (name: string) =>
    Object.hasOwn(initial, name) ? (initial as Record<string, Value | undefined>)[name] : undefined;
  const given = slots.map((name) => initialOf(name) !== undefined);
  const attrs: UnfoldAttrs = { cell: graph, structure, given, finals: slots.map(() => true), backward };
  const operands = [
    ...traced.sources.map((s) => operand(cell, s, params, inputs, attrs, options.key)),
    ...probed.writes.map((name) => (options.probes!.writes as Record<string, Value>)[name]!),
    ...probed.reads.map((name) => (options.probes!.reads as Record<string, Value>)[name]!),
    ...slots.flatMap((name) => initialOf(name) ?? []),
  ];
  if (loop === "plain") unfoldOp.infer(attrs, operands);
  const op = backward.kind === "checkpointed" ? checkpointedUnfoldOp : unfoldOp;
  const results = loop === "plain" ? plainLoop(attrs, operands) : applyAll(op, attrs, operands);
  let at = 0;
  const output = mapTree(traced.output, () => results[at++]!);
  const sums = mapTree(traced.sums, () => results[at++]!) as N;
  const states = options.states ? named<S>(slots, results.slice(at, at + slots.length)) : null;
  return { output, sums, final: named<S>(slots, results.slice(graph.outputs.length)), states };
}

function named<S extends Shapes>(slots: readonly string[], values: readonly Value[]): ValuesOf<S> {
  return Object.fromEntries(slots.map((name, i) => [name, values[i]!])) as ValuesOf<S>;
}

/** The probed slots in the order of the state's. */
function probedSlots(
  cell: Pick<Cell, "name" | "state" | "ports">,
  probes: Probes<Shapes> | undefined,
): ProbedSlots {
  const slots = Object.keys(cell.state);
  const chosen = (given: Readonly<Record<string, Value | undefined>> | undefined) => {
    for (const name of Object.keys(given ?? {}))
      if (!slots.includes(name))
        throw new ShapeError(
          `unfold ${cell.name}: probe "${name}" is not a slot of the cell (slots: ${slots.join(", ")})`,
        );
    return slots.filter((name) => given?.[name] !== undefined);
  };
  const reads = chosen(probes?.reads);
  if (reads.length > 0 && cell.ports.length > 0)
    throw new StructureError(
      `unfold ${cell.name}: reads are probed in cells with one in-port; this one has ${cell.ports.join(", ")}`,
    );
  return { writes: chosen(probes?.writes), reads };
}

/** The type of the cell's floats: that of the parameters, or of the inputs if there are none. */
function floatType(params: unknown, inputs: unknown): DType {
  const floats = [...leaves(params), ...leaves(inputs)].filter((v) => v.dtype !== "int32");
  return floats[0]?.dtype ?? "float32";
}

function operand(
  cell: { readonly name: string },
  source: OperandSource,
  params: unknown,
  inputs: unknown,
  attrs: UnfoldAttrs,
  key: Key | undefined,
): Value {
  const { parts } = attrs.structure;
  switch (source.from) {
    case "param": {
      const v = paramAt(params, source.path);
      if (!v) throw new ShapeError(`unfold ${cell.name}: parameter "${source.path}" is missing`);
      return v;
    }
    case "input":
    case "edgeInput": {
      const v = (inputs as Record<string, unknown>)[source.name];
      if (!(v instanceof Value))
        throw new ShapeError(`unfold ${cell.name}: input "${source.name}" is missing`);
      if (source.from === "input") return v;
      if (v.shape[0] !== parts.nodes)
        throw new ShapeError(
          `unfold ${cell.name}: input "${source.name}" is ${formatShape(v.shape)}, expected ${parts.nodes} rows`,
        );
      return gather(v, indexTensor(layoutOf(attrs.structure, attrs.cell).edgeNodes()));
    }
    case "key":
      if (!key) throw new TypeError(`unfold ${cell.name}: the cell draws random numbers; give a key`);
      return fromArray(key.words, [2], "int32");
    case "example":
      return indexTensor(parts.examples);
    case "position":
      return indexTensor(parts.positions);
  }
}

function checkPorts(cell: { readonly name: string }, graph: CellGraph, structure: Structure): void {
  const wanted = graph.inPorts.map((p) => p.name).join(", ");
  const has = structure.parts.inPorts.join(", ");
  if (wanted !== has)
    throw new StructureError(
      `unfold ${cell.name}: the cell reads the ports [${wanted}], the structure has [${has}]`,
    );
}

const prepared = new WeakMap<CellGraph, Map<string, CellGraph>>();

/** The graph as it is differentiated and compiled: products split, state reads clipped, states among the outputs if wanted. */
function prepare(graph: CellGraph, clip: number | null, states: boolean, probed: ProbedSlots): CellGraph {
  const key = `${clip}|${states}|${probed.writes.join()}|${probed.reads.join()}`;
  let forms = prepared.get(graph);
  if (!forms) {
    forms = new Map();
    prepared.set(graph, forms);
  }
  let form = forms.get(key);
  if (!form) {
    form = splitProducts(clip === null ? graph : clipReads(graph, clip));
    if (probed.writes.length + probed.reads.length > 0) form = withProbes(form, probed);
    if (states) {
      const { outputs, stateOut, outPorts } = form;
      const added = outPorts[0]!.slots.map((s, i) => ({
        name: `state.${s.name}`,
        value: stateOut[0]![i]!,
        scope: "node" as const,
      }));
      form = { ...form, outputs: [...outputs, ...added] };
    }
    forms.set(key, form);
  }
  return form;
}

/** Puts a `clipGradient` behind each state read, after the sum over edges. */
function clipReads(graph: CellGraph, limit: number): CellGraph {
  if (!(limit > 0)) throw new RangeError(`clipState is a positive number, got ${limit}`);
  const { trace, env, cell } = reenter(graph);
  graph.stateIn.forEach((port, q) => {
    port.forEach((v, s) => {
      env.set(v, trace.process(clipGradientOp, { limit }, [cell.stateIn[q]![s]!])[0]!);
    });
  });
  withAmbient(trace, () => evaluate(graph.equations, env));
  return simplify(substitute(cell, trace.equations, (v) => env.get(v) ?? v));
}

/**
 * Brings every float of a tree to one type.
 * @example castTree({ w: tensor([1, 2]) }, "float64").w.dtype // float64
 */
export function castTree<T>(tree: T, dtype: DType): T {
  return mapTree(tree, (v) => (v.dtype === "int32" ? v : cast(v, dtype)));
}
