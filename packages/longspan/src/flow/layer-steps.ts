import { grad } from "../autodiff/index.js";
import type { Cell, ParamsOf, Shapes, ValuesOf } from "../cell/index.js";
import { add, gather, mul, sum } from "../ops/index.js";
import {
  fromArray,
  leafEntries,
  leaves,
  mapTree,
  read,
  scope,
  Tensor,
  type Traceable,
  type Value,
} from "../tensor/index.js";
import { castTree, indexTensor, Structure, unfold } from "../unfold/index.js";

/** A layer of a model as it ran, in float64 and ready for its steps to be looked at one by one. */
export interface RanLayer {
  readonly cell: Cell;
  readonly structure: Structure;
  readonly params: unknown;
  readonly inputs: Readonly<Record<string, Value>>;
  /** Per slot: the state at the other end of each edge into a node, [reads, size] laid flat, in the order of `structure.reads`. */
  readonly sources: Readonly<Record<string, Float64Array>>;
}

/** Numbers of a slot and of the state, all slots laid one after the other. */
export interface StateSizes {
  readonly slots: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly size: number;
  }[];
  readonly total: number;
}

export function stateSizes(cell: Pick<Cell, "state">): StateSizes {
  const slots = Object.entries(cell.state as Shapes).map(([name, shape]) => ({
    name,
    shape,
    size: shape.reduce((a, b) => a * b, 1),
  }));
  return { slots, total: slots.reduce((n, s) => n + s.size, 0) };
}

/** The states that are read along the edges into nodes, from those that the nodes wrote and the initial ones. */
export async function statesRead(
  { reads }: Structure,
  cell: Pick<Cell, "state">,
  states: Readonly<Record<string, Value>>,
  initial: Readonly<Record<string, Value>>,
): Promise<Record<string, Float64Array>> {
  const bySlot: Record<string, Float64Array> = {};
  for (const { name, size } of stateSizes(cell).slots) {
    const written = await read(states[name]!);
    const first = initial[name] === undefined ? null : await read(initial[name]!);
    const rows = new Float64Array(reads.from.length * size);
    reads.from.forEach((from, e) => {
      const source = from >= 0 ? written : first;
      const row = from >= 0 ? from : -from - 1;
      if (source === null || row >= source.length / size) return;
      for (let i = 0; i < size; i++) rows[e * size + i] = source[row * size + i]!;
    });
    bySlot[name] = rows;
  }
  return bySlot;
}

/** Numbers by slot; none where a gradient is zero. */
export async function numbersOf(
  slots: Readonly<Record<string, Value | null>>,
): Promise<Record<string, Float64Array>> {
  const out: Record<string, Float64Array> = {};
  for (const [name, v] of Object.entries(slots)) if (v) out[name] = Float64Array.from(await read(v));
  return out;
}

/** The layer in float64. */
export function inFloat64(params: unknown, inputs: Readonly<Record<string, Value>>) {
  return { params: castTree(params, "float64"), inputs: castTree(inputs, "float64") };
}

/** Whether a step draws random numbers: run by itself, or twice, it would draw others. */
export function draws(cell: Cell): boolean {
  return cell.trace("float64").sources.some(({ from }) => from === "key");
}

/**
 * The steps of some nodes, each by itself: a structure without edges between nodes, whose sources hold what each edge into them reads. A
 * node may be named more than once. Its sequences, and what they and their sets hold, are the layer's own.
 */
export function stepsOf(layer: RanLayer, nodes: Int32Array) {
  const { cell, structure, inputs, sources } = layer;
  const { reads } = structure;
  const { edgeOrder: _, own: brings, ...parts } = structure.parts;
  const first = firstReads(structure);
  // Reads are the edges into nodes; what the structure says of edges goes by their numbers among all.
  const numbers = Array.from(parts.edges.to.keys()).filter((e) => parts.edges.to[e]! >= 0);
  const edges: number[] = [];
  const into: number[] = [];
  nodes.forEach((node, i) => {
    for (let e = first[node]!; e < first[node + 1]!; e++) {
      edges.push(e);
      into.push(i);
    }
  });
  const steps = new Structure({
    ...parts,
    nodes: nodes.length,
    sources: edges.length,
    sinks: nodes.length,
    edges: {
      from: Int32Array.from([...edges.map((_, k) => -(k + 1)), ...nodes.keys()]),
      fromPort: new Int32Array(edges.length + nodes.length),
      to: Int32Array.from([...into, ...Array.from(nodes, (_, i) => -(i + 1))]),
      toPort: Int32Array.from([...edges.map((e) => reads.port[e]!), ...nodes.map(() => 0)]),
    },
    levelBegin: Int32Array.of(0),
    levelEnd: Int32Array.of(nodes.length),
    sequenceOf: nodes.map((n) => parts.sequenceOf[n]!),
    positions: nodes.map((n) => parts.positions[n]!),
    clock: null,
    order: Int32Array.from(nodes.keys()),
    ...(brings && {
      own: Int32Array.from([...edges.map((e) => brings[numbers[e]!]!), ...nodes.map(() => 0)]),
    }),
  });
  const initial: Record<string, Value> = {};
  if (edges.length > 0)
    for (const { name, shape, size } of stateSizes(cell).slots) {
      const values = new Float64Array(edges.length * size);
      edges.forEach((e, k) => {
        values.set(sources[name]!.subarray(e * size, (e + 1) * size), k * size);
      });
      initial[name] = fromArray(values, [edges.length, ...shape], "float64");
    }
  const [ofNodes, ofEdges] = [indexTensor(nodes), indexTensor(Int32Array.from(edges))];
  const own = Object.fromEntries(
    Object.entries(inputs).map(([name, v]) => {
      if (Object.hasOwn(cell.inputs, name)) return [name, gather(v, ofNodes)];
      return [name, Object.hasOwn(cell.edgeInputs, name) ? gather(v, ofEdges) : v];
    }),
  );
  return { initial: initial as ValuesOf<Shapes>, inputs: own, steps };
}

/** Where the reads of each node begin: they lie side by side. [nodes + 1] */
function firstReads({ reads, nodes }: Structure): Int32Array {
  const first = new Int32Array(nodes + 1);
  for (const node of reads.node) first[node + 1]! += 1;
  for (let n = 0; n < nodes; n++) first[n + 1]! += first[n]!;
  return first;
}

/**
 * Cotangents of the states that the targets of some edges write, each pulled back through the target's own step along that edge:
 * w' dstate(target)/dstate(source).
 * @param edges by their numbers among `structure.reads` @param cotangents [edges, state], all slots one after the other
 * @param ways slots through whose new values nothing is pulled back; whether it is pulled back by the direct paths alone
 * @returns the same form
 */
export async function pullBack(
  layer: RanLayer,
  edges: Int32Array,
  cotangents: Float64Array,
  ways: { readonly held?: readonly string[]; readonly direct?: boolean } = {},
): Promise<Float64Array> {
  const { slots, total } = stateSizes(layer.cell);
  const { structure } = layer;
  if (edges.length === 0) return new Float64Array(0);
  const nodes = edges.map((e) => structure.reads.node[e]!);
  const pulled = scope(() => {
    const { initial, inputs, steps } = stepsOf(layer, nodes);
    const of = asSlots(layer.cell, edges.length, cotangents);
    const options = { initial, pullback: { of }, probes: ways };
    return unfold(layer.cell, layer.params as Traceable<ParamsOf<unknown>>, inputs, steps, options).pullback!;
  });
  const first = firstReads(structure);
  const rows = new Int32Array(edges.length);
  let before = 0;
  edges.forEach((e, i) => {
    const node = nodes[i]!;
    rows[i] = before + e - first[node]!;
    before += first[node + 1]! - first[node]!;
  });
  const out = new Float64Array(edges.length * total);
  let offset = 0;
  for (const { name, size } of slots) {
    const data = await read(pulled[name]!);
    rows.forEach((row, r) => {
      for (let i = 0; i < size; i++) out[r * total + offset + i] = data[row * size + i]!;
    });
    offset += size;
  }
  dispose(pulled);
  return out;
}

/**
 * Exact Jacobians dstate(target)/dstate(source) along some edges, in a chain dstate(t)/dstate(t-1): [edges, state, state], entry (i, j) is
 * that of number i by number j.
 */
export async function stepJacobians(layer: RanLayer, edges: Int32Array): Promise<Float64Array> {
  const { total: n } = stateSizes(layer.cell);
  const out = new Float64Array(edges.length * n * n);
  // As many steps at a time as make some thousand rows.
  const at = Math.max(1, Math.floor(4096 / n));
  for (let first = 0; first < edges.length; first += at) {
    const some = edges.subarray(first, first + at);
    const repeated = new Int32Array(some.length * n);
    const basis = new Float64Array(some.length * n * n);
    some.forEach((edge, k) => {
      repeated.fill(edge, k * n, (k + 1) * n);
      for (let i = 0; i < n; i++) basis[(k * n + i) * n + i] = 1;
    });
    out.set(await pullBack(layer, repeated, basis), first * n * n);
  }
  return out;
}

/** The share of some nodes in the gradients of the layer's parameters: the norms |sum over the nodes of w' dstate(t)/dparameter|, their edge steps included. */
export async function parameterShares(
  layer: RanLayer,
  nodes: Int32Array,
  cotangents: Float64Array,
): Promise<Map<string, number>> {
  const grads = scope(() => {
    const { initial, inputs, steps } = stepsOf(layer, nodes);
    const of = asSlots(layer.cell, nodes.length, cotangents);
    return grad((params: Traceable<ParamsOf<unknown>>) => {
      const { final } = unfold(layer.cell, params, inputs, steps, { initial });
      const terms = Object.entries(of).map(([name, d]) =>
        sum(mul((final as Record<string, Value>)[name]!, d)),
      );
      return terms.reduce((a, b) => add(a, b));
    })(layer.params as never);
  });
  const norms = new Map<string, number>();
  for (const [path, g] of leafEntries(grads)) norms.set(path, norm(await read(g)));
  dispose(grads);
  return norms;
}

/** The Euclidean norm; in double precision, so that squares of float32 numbers neither overflow nor underflow. */
export function norm(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]! ** 2;
  return Math.sqrt(total);
}

/** [rows, state] by slot. */
function asSlots(cell: Pick<Cell, "state">, rows: number, values: Float64Array): ValuesOf<Shapes> {
  const { slots, total } = stateSizes(cell);
  let offset = 0;
  const entries = slots.map(({ name, shape, size }) => {
    const own = new Float64Array(rows * size);
    for (let r = 0; r < rows; r++)
      own.set(values.subarray(r * total + offset, r * total + offset + size), r * size);
    offset += size;
    return [name, fromArray(own, [rows, ...shape], "float64")] as const;
  });
  return Object.fromEntries(entries) as ValuesOf<Shapes>;
}

/** The caller's own tensors become views, so that disposing of one leaves the other. */
export function owned<T>(tree: T): T {
  return mapTree(tree, (v) => (v instanceof Tensor ? v.view(v.shape) : v)) as T;
}

/** Releases every tensor of a tree. */
export function dispose(tree: unknown): void {
  for (const v of leaves(tree)) if (v instanceof Tensor) v.dispose();
}
