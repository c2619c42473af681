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
import { castTree, chain, indexTensor, type Structure, unfold } from "../unfold/index.js";

/** A layer of a model as it ran, in float64 and ready for its steps to be looked at one by one. */
export interface RanLayer {
  readonly cell: Cell;
  readonly structure: Structure;
  readonly params: unknown;
  readonly inputs: Readonly<Record<string, Value>>;
  /** Per slot: the state that each node reads, [nodes, size] laid flat. */
  readonly before: Readonly<Record<string, Float64Array>>;
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

/** The states that the nodes read, from those that they wrote and the initial ones: the sum over the edges into each. */
export async function statesBefore(
  structure: Structure,
  cell: Pick<Cell, "state">,
  states: Readonly<Record<string, Value>>,
  initial: Readonly<Record<string, Value>>,
): Promise<Record<string, Float64Array>> {
  const { nodes, edges } = structure.parts;
  const before: Record<string, Float64Array> = {};
  for (const { name, size } of stateSizes(cell).slots) {
    const written = await read(states[name]!);
    const first = initial[name] === undefined ? null : await read(initial[name]!);
    const rows = new Float64Array(nodes * size);
    edges.to.forEach((to, e) => {
      const from = edges.from[e]!;
      const source = from >= 0 ? written : first;
      const row = from >= 0 ? from : -from - 1;
      if (to < 0 || source === null || row >= source.length / size) return;
      for (let i = 0; i < size; i++) rows[to * size + i]! += source[row * size + i]!;
    });
    before[name] = rows;
  }
  return before;
}

/** The layer in float64. */
export function inFloat64(params: unknown, inputs: Readonly<Record<string, Value>>) {
  return { params: castTree(params, "float64"), inputs: castTree(inputs, "float64") };
}

/** Whether a step draws random numbers: run by itself, or twice, it would draw others. */
export function draws(cell: Cell): boolean {
  return cell.trace("float64").sources.some(({ from }) => from === "key");
}

/** What the steps of some nodes read, as sequences of one step each. A node may be named more than once. */
function stepsOf(layer: RanLayer, rows: Int32Array) {
  const { cell, structure, inputs, before } = layer;
  const initial: Record<string, Value> = {};
  for (const { name, shape, size } of stateSizes(cell).slots) {
    const values = new Float64Array(rows.length * size);
    rows.forEach((row, i) => {
      values.set(before[name]!.subarray(row * size, (row + 1) * size), i * size);
    });
    initial[name] = fromArray(values, [rows.length, ...shape], "float64");
  }
  const perSequence = indexTensor(rows.map((row) => structure.parts.sequenceOf[row]!));
  const index = indexTensor(rows);
  const own: Record<string, Value> = {};
  for (const [name, v] of Object.entries(inputs)) {
    if (Object.hasOwn(cell.inputs, name)) own[name] = gather(v, index);
    else if (Object.hasOwn(cell.sequenceInputs, name)) own[name] = gather(v, perSequence);
    else own[name] = v;
  }
  const steps = chain(Array.from({ length: rows.length }, () => 1));
  return { initial: initial as ValuesOf<Shapes>, inputs: own, steps };
}

/**
 * Cotangents of the states that some nodes write, each pulled back through the node's own step: w' dstate(t)/dstate(t-1).
 * @param cotangents [rows, state], all slots one after the other
 * @returns the same form
 */
export async function pullBack(
  layer: RanLayer,
  rows: Int32Array,
  cotangents: Float64Array,
): Promise<Float64Array> {
  const { slots, total } = stateSizes(layer.cell);
  const pulled = scope(() => {
    const { initial, inputs, steps } = stepsOf(layer, rows);
    const of = asSlots(layer.cell, rows.length, cotangents);
    const options = { initial, pullback: { of } };
    return unfold(layer.cell, layer.params as Traceable<ParamsOf<unknown>>, inputs, steps, options).pullback!;
  });
  const out = new Float64Array(rows.length * total);
  let offset = 0;
  for (const { name, size } of slots) {
    const v = pulled[name]!;
    const data = await read(v);
    for (let r = 0; r < rows.length; r++)
      for (let i = 0; i < size; i++) out[r * total + offset + i] = data[r * size + i]!;
    offset += size;
  }
  dispose(pulled);
  return out;
}

/** Exact Jacobians dstate(t)/dstate(t-1) of the steps of some nodes: [rows, state, state], entry (i, j) = dstate_i/dbefore_j. */
export async function stepJacobians(layer: RanLayer, rows: Int32Array): Promise<Float64Array> {
  const { total: n } = stateSizes(layer.cell);
  const out = new Float64Array(rows.length * n * n);
  // As many steps at a time as make some thousand rows.
  const at = Math.max(1, Math.floor(4096 / n));
  for (let first = 0; first < rows.length; first += at) {
    const some = rows.subarray(first, first + at);
    const repeated = new Int32Array(some.length * n);
    const basis = new Float64Array(some.length * n * n);
    some.forEach((row, k) => {
      repeated.fill(row, k * n, (k + 1) * n);
      for (let i = 0; i < n; i++) basis[(k * n + i) * n + i] = 1;
    });
    out.set(await pullBack(layer, repeated, basis), first * n * n);
  }
  return out;
}

/** The share of some nodes in the gradients of the layer's parameters: the norms |sum over the nodes of w' dstate(t)/dparameter|. */
export async function parameterShares(
  layer: RanLayer,
  rows: Int32Array,
  cotangents: Float64Array,
): Promise<Map<string, number>> {
  const grads = scope(() => {
    const { initial, inputs, steps } = stepsOf(layer, rows);
    const of = asSlots(layer.cell, rows.length, cotangents);
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
