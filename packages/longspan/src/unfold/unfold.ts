import {
  type Cell,
  type CellGraph,
  needsPortOfEdge,
  type OperandSource,
  type OperandSpecs,
  type OperandsOf,
  type ParamsOf,
  paramAt,
  type Shapes,
  type ValuesOf,
  withPullback,
} from "../cell/index.js";
import { check, isRecord, kind } from "../check/index.js";
import { splitProducts } from "../compile/index.js";
import { applyAll, broadcastTo, cast, gather } from "../ops/index.js";
import {
  type DType,
  formatShape,
  fromArray,
  type Key,
  leaves,
  mapTree,
  ones,
  ShapeError,
  type Traceable,
  type Value,
  zeros,
} from "../tensor/index.js";
import { dtypeKind, valueKind } from "../tensor/kinds.js";
import { checkCall } from "./check-call.js";
import { checkpointedUnfoldOp } from "./checkpointed.js";
import { clipReads } from "./clip-reads.js";
import { withDirectPaths } from "./direct-paths.js";
import { keeper, runKeeping } from "./formed-once.js";
import type { Unfolded, UnfoldOptions, WatchedOptions } from "./options.js";
import { plainLoop } from "./plain-loop.js";
import { type ProbedSlots, type Probes, withHeld, withProbes } from "./probes.js";
import { atReads, perRead } from "./read-rows.js";
import { layoutOf } from "./schedule.js";
import { checkBlocks } from "./structures/blocks.js";
import { indexTensor, type Structure, StructureError } from "./structures/structure.js";
import { type UnfoldAttrs, unfoldOp } from "./unfold-op.js";
import { watched } from "./watch.js";

/**
 * Unfolds a cell over a structure: at every node, the state arriving along the edges and the node's inputs go in, a new state
 * and an output come out. The same cell and parameters serve every node, length and batch.
 *
 * @param params as made by `cell.init`
 * @param inputs for each input of the cell: [nodes, ...] rows of the structure; sequence inputs: [sequences, ...]; shared
 * inputs as declared; inputs of edges: [edges, ...], as `structure.packEdges` brings them in order
 * @throws ShapeError naming the operand, what it is and what it should be
 * @example
 * const cell = lstm({ input: 3, hidden: 4 });
 * const params = cell.init(Key.of(1));
 * const { output, final } = unfold(cell, params, { x: zeros([4, 3]) }, chain([3, 1]));
 * // output: [4, 4], final.h: [2, 4]
 */
export function unfold<I extends OperandSpecs, S extends Shapes, P, O, N>(
  cell: Cell<I, S, P, O, N>,
  params: Traceable<ParamsOf<P>>,
  inputs: OperandsOf<I>,
  structure: Structure,
  options: UnfoldOptions<S> = {},
): Unfolded<S, O, N> {
  checkCall(cell, params, inputs, structure, options);
  const started = { ...options, ...startingStates(cell, params, inputs, structure, options) };
  return watched({ cell, params, inputs, structure, options: started }, (changed) =>
    unfoldAs(cell, params, inputs, structure, changed as UnfoldOptions<S>),
  ) as Unfolded<S, O, N>;
}

/** Initial states: those that are given, and where the cell says itself what it starts from, that for each sequence. */
function startingStates<I extends OperandSpecs, S extends Shapes, P>(
  cell: Cell<I, S, P>,
  params: Traceable<ParamsOf<P>>,
  inputs: OperandsOf<I>,
  { parts: { sources }, sequences }: Structure,
  { initial }: UnfoldOptions<S>,
): Pick<UnfoldOptions<S>, "initial"> {
  const values = (initial ?? {}) as Readonly<Record<string, Value | undefined>>;
  const isSupplied = (slot: string) => values[slot] !== undefined;
  // A stream supplies all at every step.
  if (Object.keys(cell.state).every(isSupplied)) return {};
  const started = Object.entries<Value>(
    cell.start(params as never, floatType(params, inputs, values)) as Record<string, Value>,
  ).filter(([slot]) => !isSupplied(slot));
  if (started.length === 0) return {};
  if (sources === 0 && sequences > 0)
    throw new StructureError(
      `unfold ${cell.name}: the cell says what its sequences start from, and the structure has no sources; nodes of trees and graphs that read nothing start from zeros`,
    );
  const rows = started.map(([slot, v]) => [slot, broadcastTo(v, [sources, ...v.shape])] as const);
  return { initial: { ...initial, ...Object.fromEntries(rows) } as Partial<ValuesOf<S>> };
}

function unfoldAs<I extends OperandSpecs, S extends Shapes, P, O, N>(
  cell: Cell<I, S, P, O, N>,
  params: Traceable<ParamsOf<P>>,
  inputs: OperandsOf<I>,
  whole: Structure,
  options: UnfoldOptions<S> & Pick<WatchedOptions, "fullInnermostGradient">,
): Unfolded<S, O, N> {
  const { initial = {}, backward = { kind: "full" }, loop = "compiled", clipState = null } = options;
  if (backward.kind === "truncated") whole.checkClock();
  if (backward.kind === "checkpointed") checkBlocks(whole);
  const dtype = floatType(params, inputs, initial);
  const traced = cell.trace(dtype);
  const untreated = options.fullInnermostGradient ?? false;
  const probed = probedSlots(cell, options.probes);
  const graph = prepare(traced.graph, {
    clip: untreated ? null : clipState,
    states: options.states ?? false,
    activations: options.activations ?? false,
    probed,
    pullback: options.pullback !== undefined,
  });
  checkPorts(cell, graph, whole);
  const structure = withSetsOf(cell, whole);
  const declared = [cell.inputs, cell.sequenceInputs, cell.sharedInputs, cell.sets, cell.edgeInputs].flatMap(
    (specs) => Object.keys(specs),
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
  if (Object.keys(initial).length > 0 && structure.parts.sources === 0 && structure.sequences > 0)
    throw new StructureError(
      `unfold ${cell.name}: initial states over a structure without sources; nodes of trees and graphs that read nothing start from zeros`,
    );
  const slots = Object.keys(cell.state);
  const initialOf = (name: string) =>
    Object.hasOwn(initial, name) ? (initial as Record<string, Value | undefined>)[name] : undefined;
  const initials = slots.map((name) => initialOf(name) !== undefined);
  const runner = backward.kind === "checkpointed" ? checkpointedUnfoldOp : unfoldOp;
  const attrs: UnfoldAttrs = {
    cell: graph,
    structure,
    initials,
    finals: slots.map(() => true),
    backward: untreated ? { kind: "full" } : backward,
    ...(untreated && {
      outerDerivative: { op: runner, backward, treated: (derived) => clipReads(derived, clipState) },
    }),
  };
  for (const name of Object.keys(options.pullback?.of ?? {}))
    if (!slots.includes(name))
      throw new ShapeError(
        `unfold ${cell.name}: "${name}", whose cotangent is to be pulled back, is not a slot of the cell (slots: ${slots.join(", ")})`,
      );
  const pulled = options.pullback?.of as Readonly<Record<string, Value | undefined>> | undefined;
  const operands = [
    ...traced.sources.map((s) => operand(cell, s, params, inputs, attrs, options.key)),
    ...(pulled
      ? slots.map((name) => pulled[name] ?? zeros([structure.nodes, ...cell.state[name]!], dtype))
      : []),
    ...(pulled && needsPortOfEdge(graph) ? [indexTensor(structure.reads.port)] : []),
    ...probed.writes.map((name) => (options.probes!.writes as Record<string, Value>)[name]!),
    ...atReads(
      cell.name,
      graph,
      structure,
      probed.reads.map((name) => [name, (options.probes!.reads as Record<string, Value>)[name]!]),
    ),
    ...probed.formed.map((name) => (options.probes!.formed as Record<string, Value>)[name]!),
    ...slots.flatMap((name) => initialOf(name) ?? []),
  ];
  if (loop === "plain") unfoldOp.infer(attrs, operands);
  const results =
    loop === "plain"
      ? plainLoop(attrs, operands)
      : runner === unfoldOp && keeper.present
        ? runKeeping(attrs, operands, keeper.present, {
            isOwn: (i) => isOwn(traced.sources[i]),
            supplied: (i) => suppliedAs(traced.sources[i]!, inputs) ?? operands[i]!,
            again: (i) => operand(cell, traced.sources[i]!, params, inputs, attrs, options.key),
          })
        : applyAll(untreated ? unfoldOp : runner, attrs, operands);
  let at = 0;
  const output = mapTree(traced.output, () => results[at++]!);
  const sums = mapTree(traced.sums, () => results[at++]!) as N;
  const perSlot = (wanted: boolean) => {
    if (!wanted) return null;
    at += slots.length;
    return named<S>(slots, results.slice(at - slots.length, at));
  };
  const activations = options.activations
    ? splitProducts(traced.graph)
        .equations.filter(isActivation)
        .map((eq) => ({ op: eq.op.name, value: results[at++]! }))
    : null;
  const pullback = options.pullback
    ? named<S>(
        slots,
        perRead(
          graph,
          structure,
          (graph.edge ? [0] : graph.inPorts).map(() => slots.map(() => results[at++]!)),
        ),
      )
    : null;
  const states = perSlot(options.states ?? false);
  return {
    output,
    sums,
    final: named<S>(slots, results.slice(graph.outputs.length)),
    states,
    activations,
    pullback,
  };
}

function named<S extends Shapes>(slots: readonly string[], values: readonly Value[]): ValuesOf<S> {
  return Object.fromEntries(slots.map((name, i) => [name, values[i]!])) as ValuesOf<S>;
}

/** The probed slots in the order of the state's. */
function probedSlots(cell: Pick<Cell, "name" | "state">, probes: Probes<Shapes> | undefined): ProbedSlots {
  const slots = Object.keys(cell.state);
  const chosen = (names: readonly string[]) => {
    for (const name of names)
      if (!slots.includes(name))
        throw new ShapeError(
          `unfold ${cell.name}: probe "${name}" is not a slot of the cell (slots: ${slots.join(", ")})`,
        );
    return slots.filter((name) => names.includes(name));
  };
  const namesOf = (bySlot: Readonly<Record<string, Value | undefined>> = {}) =>
    chosen(Object.keys(bySlot)).filter((name) => bySlot[name] !== undefined);
  return {
    writes: namesOf(probes?.writes),
    reads: namesOf(probes?.reads),
    formed: namesOf(probes?.formed),
    held: chosen(probes?.held ?? []),
    direct: probes?.direct ?? false,
  };
}

/**
 * The type of a cell's floats in an unfold: that of the parameters, or of the inputs if there are none, or of the initial states.
 * @example floatType({ W: zeros([2, 2], "float64") }, {}, {}) // float64
 */
export function floatType(...operands: readonly [params: unknown, inputs: unknown, initial: unknown]): DType {
  const floats = operands.flatMap((tree) => leaves(tree)).filter((v) => v.dtype !== "int32");
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
    case "edgeInput":
    case "ofEdge": {
      const v = (inputs as Record<string, Value | undefined>)[source.name];
      if (v === undefined)
        throw new ShapeError(
          `unfold ${cell.name}: input "${source.name}" is missing; inputs holds a value for each`,
        );
      check(`unfold ${cell.name}`, `inputs.${source.name}`, v, valueKind);
      if (source.from !== "edgeInput") return v;
      if (v.shape[0] !== parts.nodes)
        throw new ShapeError(
          `unfold ${cell.name}: input "${source.name}" is ${formatShape(v.shape)}, expected ${parts.nodes} rows`,
        );
      return gather(v, indexTensor(layoutOf(attrs.structure, attrs.cell).edgeNodes()));
    }
    case "own": {
      const { own } = parts;
      if (own === undefined)
        throw new StructureError(
          `unfold ${cell.name}: the edge step asks for the state that the target had at the level before, which nodes of this structure do not have; in graph(), mark the edge along which it comes with own: true`,
        );
      return indexTensor(layoutOf(attrs.structure, attrs.cell).stepped.map((e) => own[e]!));
    }
    case "member": {
      const of = (inputs as Record<string, Record<string, Value | undefined> | undefined>)[source.set];
      check(`unfold ${cell.name}`, `inputs.${source.set}`, of, recordOfMembers);
      const v = of?.[source.name];
      if (v === undefined)
        throw new ShapeError(
          `unfold ${cell.name}: input "${source.set}.${source.name}" is missing; inputs.${source.set} holds a value for each input of the set's members`,
        );
      check(`unfold ${cell.name}`, `inputs.${source.set}.${source.name}`, v, valueKind);
      return attrs.structure.set(source.set).arrange?.(v) ?? v;
    }
    case "rank": {
      if (source.set === null) return indexTensor(ranksOf(layoutOf(attrs.structure, attrs.cell).edgeNodes()));
      const { begin, sequenceOf } = attrs.structure.set(source.set);
      return indexTensor(sequenceOf.map((s, m) => m - begin[s]!));
    }
    case "one":
      return ones(
        [
          source.set === null
            ? layoutOf(attrs.structure, attrs.cell).stepped.length
            : attrs.structure.set(source.set).sequenceOf.length,
        ],
        floatType(params, inputs, {}),
      );
    case "key":
      if (!key) throw new TypeError(`unfold ${cell.name}: the cell draws random numbers; give a key`);
      return fromArray(key.words, [2], "int32");
    case "example":
      return indexTensor(parts.examples);
    case "position":
      return attrs.structure.positions();
  }
}

/** What an operand is made of by arranging its rows; undefined where it is an operand as it is supplied. */
function suppliedAs(source: OperandSource, inputs: unknown): Value | undefined {
  if (source.from !== "member") return undefined;
  return (inputs as Record<string, Record<string, Value>>)[source.set]![source.name]!;
}

/** Whether `unfold` makes a value of a cell itself, of the structure and the key. */
function isOwn(source: OperandSource | undefined): boolean {
  return source !== undefined && !["param", "input", "edgeInput", "ofEdge", "member"].includes(source.from);
}

/** The position of each edge among those that lead to the same node, which lie side by side. */
function ranksOf(nodes: Int32Array): Int32Array {
  let first = 0;
  return nodes.map((node, e) => {
    if (node !== nodes[first]) first = e;
    return e - first;
  });
}

const recordOfMembers = kind("a record of values by name: one for each input of the set's members", isRecord);

/** The structure with the sets that a cell reads, in the cell's order. @throws StructureError if it carries another */
function withSetsOf(cell: Pick<Cell, "name" | "sets">, structure: Structure): Structure {
  const names = Object.keys(cell.sets);
  for (const name of names) {
    if (structure.sets.some((s) => s.name === name)) continue;
    const carries = structure.sets.map((s) => s.name).join(", ");
    throw new StructureError(
      `unfold ${cell.name}: the cell reads the set "${name}", the structure carries ${carries === "" ? "no sets" : carries}: give it structure.withSets({ ${name}: sizes })`,
    );
  }
  return structure.onlySets(names);
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

/** What is added to a cell before it is differentiated and compiled. */
interface Additions {
  readonly clip: number | null;
  readonly states: boolean;
  readonly activations: boolean;
  readonly probed: ProbedSlots;
  readonly pullback: boolean;
}

/** The graph as it is differentiated and compiled: products split, state reads clipped, states among the outputs if wanted. */
function prepare(graph: CellGraph, { clip, states, activations, probed, pullback }: Additions): CellGraph {
  const key = JSON.stringify([clip, states, activations, probed, pullback]);
  let variants = prepared.get(graph);
  if (!variants) {
    variants = new Map();
    prepared.set(graph, variants);
  }
  let variant = variants.get(key);
  if (!variant) {
    variant = splitProducts(graph);
    if (activations) {
      const { outputs, equations } = variant;
      const added = equations
        .filter(isActivation)
        .map((eq) => ({ name: eq.op.name, value: eq.outputs[0]!, scope: eq.outputs[0]!.scope }));
      variant = { ...variant, outputs: [...outputs, ...added] };
    }
    if (probed.held.length > 0) variant = withHeld(variant, probed.held);
    if (probed.direct) variant = withDirectPaths(variant);
    // The Jacobian is the step's own, whatever is done to gradients that flow through it.
    if (pullback) variant = withPullback(variant);
    variant = clipReads(variant, clip);
    if (probed.writes.length + probed.reads.length + probed.formed.length > 0)
      variant = withProbes(variant, probed);
    if (states) {
      const { outputs, stateOut, outPorts } = variant;
      const added = outPorts[0]!.slots.map((s, i) => ({
        name: `state.${s.name}`,
        value: stateOut[0]![i]!,
        scope: "node" as const,
      }));
      variant = { ...variant, outputs: [...outputs, ...added] };
    }
    variants.set(key, variant);
  }
  return variant;
}

/**
 * Whether an equation of a step, or of an edge step, is one of those that `activations` gives the values of: a sigmoid or tanh.
 * @example rnn({ input: 2, hidden: 3 }).trace("float32").graph.equations.filter(isActivation).length // 1
 */
export function isActivation({ op, outputs }: CellGraph["equations"][number]): boolean {
  const { scope } = outputs[0]!;
  return (op.name === "sigmoid" || op.name === "tanh") && (scope === "node" || scope === "edge");
}

/**
 * Brings every float of a tree to one type.
 * @example castTree({ w: tensor([1, 2]) }, "float64").w.dtype // float64
 */
export function castTree<T>(tree: T, dtype: DType): T {
  check("castTree", "dtype", dtype, dtypeKind);
  return mapTree(tree, (v) => (v.dtype === "int32" ? v : cast(v, dtype)));
}
