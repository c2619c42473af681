import { grad, jvp } from "../autodiff/index.js";
import type { Shapes } from "../cell/index.js";
import { mul, sum } from "../ops/index.js";
import { fromArray, read, scope, type Tensor, type Value, zeros } from "../tensor/index.js";
import { unfold } from "../unfold/index.js";
import { dispose, draws, norm, pullBack, type RanLayer, stateSizes, stepsOf } from "./layer-steps.js";
import { memorySlot, readSlot } from "./memory-slots.js";

/**
 * The way through a memory, from what is read at step t back to what was written at step s <= t. It leads through the memory only: the
 * weights of the heads, the controller and all else that a step forms are held.
 *
 *     A(s)    = M(s) - dM(s)/dM(s-1) M(s-1)                          what is written at s: what is there and was not kept
 *     P(t, s) = dr(t)/dM(s) = dr(t)/dM(t) dM(t)/dM(t-1) ... dM(s+1)/dM(s)
 */
export interface MemoryPath {
  /**
   * The share of what is read at t that was written at s: r(t)'P(t, s)A(s) / |r(t)|^2, [steps, steps], a row for each t. With `start` they sum to
   * 1, if what is read is linear in the memory; a share is negative where other writes take it back. Zeros where what is read is zero.
   */
  readonly shares: Float64Array;
  /** The share of what is read at t that the memory held from the start: [steps]. */
  readonly start: Float64Array;
  /**
   * The gradient that goes from what is read at t to what was written at s: |(dL/dr(t))'P(t, s) * A(s)|, * number by number, [steps, steps]: by
   * how much the loss changes with what was written, as a share of it.
   */
  readonly gradients: Float64Array;
}

/** Cotangents of what is read, of which paths are followed. */
type Followed = readonly ["shares" | "gradients", Float64Array][];

/**
 * The paths of some sequences; null if steps do not follow one another or draw random numbers, if nothing is kept under `read`, or if
 * something is not finite.
 * @param sequences the rows of each, in the order of its steps @param values [nodes, ...slot] @param gradients dL/dslot where a step forms it
 */
export async function memoryPaths(
  layer: RanLayer,
  sequences: readonly Int32Array[],
  values: Readonly<Record<string, Float64Array>>,
  gradients: Readonly<Record<string, Float64Array>>,
): Promise<MemoryPath[] | null> {
  const { cell, structure } = layer;
  const memory = values[memorySlot]!;
  const reads = values[readSlot];
  const chains = structure.parts.clock !== null && structure.reads.onePerNode;
  const all = [...Object.values(values), ...Object.values(gradients)];
  if (!reads || !chains || draws(cell) || !all.every((of) => of.every(Number.isFinite))) return null;
  const steps = new Steps(layer);
  const nodes = Int32Array.from(sequences.flatMap((rows) => Array.from(rows)));
  const written = await steps.written(nodes, memory);
  const followed: Followed = [
    ["shares", perSquare(reads, reads.length / structure.nodes)],
    ["gradients", gradients[readSlot] ?? new Float64Array(reads.length)],
  ];
  const paths = sequences.map((rows) => ({
    shares: new Float64Array(rows.length ** 2),
    start: new Float64Array(rows.length),
    gradients: new Float64Array(rows.length ** 2),
  }));
  const indexOf = new Map(Array.from(nodes, (row, k) => [row, k]));
  const writtenAt = (row: number) => steps.of(written, indexOf.get(row)!);
  for (const [name, cotangents] of followed) {
    const within = await steps.readWithin(nodes, cotangents);
    // What flows back to the memory that step t leaves, from what is read at later steps: by sequence, for each of these.
    let flowing: { s: number; t: number; to: Float64Array }[] = [];
    for (let u = Math.max(0, ...sequences.map((rows) => rows.length)) - 1; u >= 0; u--) {
      sequences.forEach((rows, s) => {
        if (u < rows.length) flowing.push({ s, t: u, to: steps.of(within, indexOf.get(rows[u]!)!) });
      });
      for (const { s, t, to } of flowing) {
        const [rows, path] = [sequences[s]!, paths[s]!];
        const a = writtenAt(rows[u]!);
        path[name][t * rows.length + u] =
          name === "shares" ? inner(to, a) : norm(to.map((g, i) => g * a[i]!));
      }
      const pulled = await steps.pulled(
        flowing.map(({ s }) => sequences[s]![u]!),
        flowing.map(({ s, t, to }) => (t === u ? steps.of(cotangents, sequences[s]![t]!, readSlot) : to)),
        flowing.map(({ t }) => (t === u ? readSlot : memorySlot)),
      );
      flowing = flowing.map(({ s, t }, k) => ({ s, t, to: pulled[k]! }));
    }
    if (name !== "shares") continue;
    for (const { s, t, to } of flowing) paths[s]!.start[t] = inner(to, steps.memoryBefore(sequences[s]![0]!));
  }
  return paths;
}

/** Steps of a chain, each by itself, in which all that is formed is held, but the memory and what is read of it. */
class Steps {
  private readonly held: readonly string[];
  private readonly sizes: ReturnType<typeof stateSizes>;

  constructor(private readonly layer: RanLayer) {
    this.sizes = stateSizes(layer.cell);
    this.held = this.sizes.slots.map(({ name }) => name).filter((n) => n !== memorySlot && n !== readSlot);
  }

  /** Row k of values of a slot. */
  of(all: Float64Array, k: number, slot: string = memorySlot): Float64Array {
    const { size } = this.sizes.slots.find(({ name }) => name === slot)!;
    return all.subarray(k * size, (k + 1) * size);
  }

  /** The memory that a node reads. */
  memoryBefore(row: number): Float64Array {
    return this.of(this.layer.sources[memorySlot]!, this.edgeOf(row));
  }

  /** A of nodes: what is in the memory that they leave, without what they kept of the memory that they found. */
  async written(nodes: Int32Array, memory: Float64Array): Promise<Float64Array> {
    const kept = scope(() => {
      const { initial, ...call } = this.call(nodes);
      const found = initial[memorySlot] as Tensor;
      return jvp((m: Value) => this.run(call, { ...initial, [memorySlot]: m })[memorySlot]!)(found, found)
        .tangent;
    });
    const numbers = await read(kept);
    dispose(kept);
    const out = new Float64Array(numbers.length);
    nodes.forEach((row, k) => {
      const after = this.of(memory, row);
      const at = k * after.length;
      after.forEach((v, i) => {
        out[at + i] = v - numbers[at + i]!;
      });
    });
    return out;
  }

  /** Cotangents of what nodes read, pulled back to the memory that the same steps leave: not zero where a step reads what it wrote. */
  async readWithin(nodes: Int32Array, cotangents: Float64Array): Promise<Float64Array> {
    const shape = (this.layer.cell.state as Shapes)[memorySlot]!;
    const ofRead = (this.layer.cell.state as Shapes)[readSlot]!;
    const g = scope(() => {
      const { initial, ...call } = this.call(nodes);
      const rows = Float64Array.from(
        Array.from(nodes, (row) => Array.from(this.of(cotangents, row, readSlot))).flat(),
      );
      const weights = fromArray(rows, [nodes.length, ...ofRead], "float64");
      return grad((m: Value) => sum(mul(this.run(call, initial, m)[readSlot]!, weights)))(
        zeros([nodes.length, ...shape], "float64"),
      );
    });
    const out = Float64Array.from(await read(g));
    dispose(g);
    return out;
  }

  /** Cotangents of one slot of what nodes leave, pulled back to the memory that they read. */
  async pulled(
    nodes: readonly number[],
    cotangents: readonly Float64Array[],
    slots: readonly string[],
  ): Promise<Float64Array[]> {
    const { total } = this.sizes;
    const out: Float64Array[] = [];
    // As many at a time as make a few million numbers.
    const block = Math.max(1, Math.floor(4e6 / total));
    for (let first = 0; first < nodes.length; first += block) {
      const some = nodes.slice(first, first + block);
      const rows = new Float64Array(some.length * total);
      some.forEach((_, k) => {
        rows.set(cotangents[first + k]!, k * total + this.offset(slots[first + k]!));
      });
      const edges = Int32Array.from(some, (row) => this.edgeOf(row));
      const back = await pullBack(this.layer, edges, rows, { held: this.held });
      const size = this.of(back, 0).length;
      some.forEach((_, k) => {
        const at = k * total + this.offset(memorySlot);
        out.push(back.slice(at, at + size));
      });
    }
    return out;
  }

  /** Where a slot begins among the numbers of the state. */
  private offset(slot: string): number {
    let at = 0;
    for (const { name, size } of this.sizes.slots) {
      if (name === slot) return at;
      at += size;
    }
    return at;
  }

  /** The edge by which a node reads: there is one for each. */
  private edgeOf(row: number): number {
    this.edges ??= Int32Array.from(this.layer.structure.reads.node.keys()).sort(
      (a, b) => this.layer.structure.reads.node[a]! - this.layer.structure.reads.node[b]!,
    );
    return this.edges[row]!;
  }
  private edges: Int32Array | undefined;

  private call(nodes: Int32Array) {
    const { initial, inputs, steps } = stepsOf(this.layer, nodes);
    return { initial: initial as Readonly<Record<string, Value>>, inputs, steps };
  }

  private run(
    { inputs, steps }: Omit<ReturnType<Steps["call"]>, "initial">,
    initial: Readonly<Record<string, Value>>,
    formed?: Value,
  ): Readonly<Record<string, Value>> {
    const probes = { held: this.held, ...(formed && { formed: { [memorySlot]: formed } }) };
    const { cell, params } = this.layer;
    return unfold(cell, params as never, inputs, steps, { initial, probes }).final as Readonly<
      Record<string, Value>
    >;
  }
}

/** Each row over the square of its norm. */
function perSquare(values: Float64Array, size: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += size) {
    const square = norm(values.subarray(at, at + size)) ** 2;
    if (square > 0) for (let i = at; i < at + size; i++) out[i] = values[i]! / square;
  }
  return out;
}

function inner(a: Float64Array, b: Float64Array): number {
  let total = 0;
  a.forEach((v, i) => {
    total += v * b[i]!;
  });
  return total;
}
