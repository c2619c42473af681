import { checkLoss } from "../autodiff/index.js";
import type { Cell } from "../cell/index.js";
import { check, checkSettings, func, type KindsOf, optional, size } from "../check/index.js";
import { read, scope, type Traceable, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import type { Structure } from "../unfold/index.js";
import { dispose, inFloat64, numbersOf, owned, statesRead } from "./layer-steps.js";
import { type MemoryPath, memoryPaths } from "./memory-path.js";
import { contents, weightSlots } from "./memory-slots.js";
import { watchStates } from "./state-gradients.js";

/** Settings of `memoryReport`. */
export interface MemoryReportOptions {
  /** Sequences that are looked at, the first so many; 4 by default. */
  readonly sequences?: number;
}

/** The weights of one head, or of what has weights for the rows of a memory without a head, over time. */
export interface WatchedWeights {
  /** The slot of the state, such as `readWeights`. */
  readonly slot: string;
  /** Which of the slot's heads, from 0. */
  readonly head: number;
  /** w(i) at each step: [steps, rows]. */
  readonly values: Float64Array;
  /** dL/dw(i), by every path: what is read and written with the weights, and what later steps make of them. [steps, rows] */
  readonly gradients: Float64Array;
}

/** The memory of one sequence over time. */
export interface SequenceMemory {
  readonly steps: number;
  /** M as each step leaves it: [steps, rows, width]. */
  readonly contents: Float64Array;
  /** dL/dM: [steps, rows, width]. */
  readonly gradients: Float64Array;
  readonly weights: readonly WatchedWeights[];
  /** Null where steps do not follow one another, draw random numbers, or keep nothing under `read`. */
  readonly path: MemoryPath | null;
}

/** The memory of one layer. */
export interface LayerMemory {
  /** Its place among the recurrent layers in the order in which they ran, counted from 0, and its cell's name. */
  readonly layer: number;
  readonly cell: string;
  readonly rows: number;
  readonly width: number;
  readonly sequences: readonly SequenceMemory[];
}

/** What `memoryReport` gives. */
export interface MemoryReport {
  readonly loss: number;
  /** Of the layers that have a memory. */
  readonly layers: readonly LayerMemory[];
}

/**
 * A memory while it works: what it holds, where it is read and written, dL/dw(i), and the way of the gradient from what is read back to
 * what was written, in every layer whose state has a slot `memory` [rows, width]. Memories of several heads, [heads, values, keys], have
 * the rows of all heads, one head after the other.
 *
 * Weights are found by the names of their slots: `readWeights` and `writeWeights` [heads, rows], `strengths` and `usage` [rows]. Their
 * gradients are total derivatives with respect to the value at that step, the other weights of the step held.
 *
 * @param loss runs once, with the parameters given
 * @throws Error if no layer has a memory
 * @see Goodfellow, Bengio, Courville (2016), section 10.12
 * @example
 * const cell = withMemory(perceptron, { input: 2, hidden: 4, memory: turingMemory({ rows: 5, width: 3 }) });
 * const report = await memoryReport(
 *   (params) => sum(square(unfold(cell, params, { x: ones([12, 2]) }, chain([6, 6])).final.read)),
 *   cell.init(Key.of(1)),
 * );
 * const { steps, weights, path } = report.layers[0]!.sequences[0]!;
 * weights.map(({ slot }) => slot); // ["readWeights", "writeWeights"]
 * path!.gradients.length === steps * steps; // true
 */
export async function memoryReport<P>(
  loss: (params: Traceable<P>) => Value,
  params: P,
  options: MemoryReportOptions = {},
): Promise<MemoryReport> {
  const what = "memoryReport";
  check(what, "loss", loss, func);
  check(what, "params", params, treeKind);
  const { sequences = 4 } = checkSettings(what, options, kinds);
  const seen = scope(() => {
    const computeLoss = () => ({ loss: checkLoss({ what }, loss(params as Traceable<P>)), aux: null });
    const all = watchStates(computeLoss, { what, all: true, where: "formed" });
    const layers = all.layers.map((l) => ({ ...l, ...inFloat64(l.params, l.inputs) }));
    return { ...owned({ loss: all.loss, gradients: all.gradients, layers }), calls: all.calls };
  });
  const layers: LayerMemory[] = [];
  for (const [i, { cell, structure }] of seen.calls.entries()) {
    const shape = contents(cell);
    if (shape === null) continue;
    const { states, initial, params: own, inputs } = seen.layers[i]!;
    const [values, gradients] = [await numbersOf(states), await numbersOf(seen.gradients[i]!)];
    const sources = await statesRead(structure, cell, states, initial);
    const of = rowsInTime(structure).slice(0, sequences);
    const ran = { cell, structure, params: own, inputs, sources };
    const paths = await memoryPaths(ran, of, values, gradients);
    layers.push({
      layer: i,
      cell: cell.name,
      ...shape,
      sequences: of.map((rows, s) => ({
        steps: rows.length,
        contents: inOrder(values.memory!, rows, structure.nodes),
        gradients: inOrder(gradients.memory, rows, structure.nodes, shape.rows * shape.width),
        weights: weightsOf(cell, rows, structure.nodes, values, gradients),
        path: paths?.[s] ?? null,
      })),
    });
  }
  const value = (await read(seen.loss))[0]!;
  dispose([seen.loss, seen.gradients, seen.layers]);
  if (layers.length === 0)
    throw new Error(
      `memoryReport: none of the ${seen.calls.length} recurrent layers that the loss runs has a memory, which is a slot "memory" [rows, width] of its state`,
    );
  return { loss: value, layers };
}

/** The rows of each sequence in the order of its steps; of nodes without a clock, in that in which they were given. */
function rowsInTime(structure: Structure): Int32Array[] {
  const { clock, positions, sequenceOf } = structure.parts;
  const rows = Array.from({ length: structure.sequences }, () => [] as number[]);
  sequenceOf.forEach((s, row) => {
    rows[s]![(clock ?? positions)[row]!] = row;
  });
  return rows.map((r) => Int32Array.from(r));
}

/** Some of the rows of what has `nodes` of them; zeros of that size where there is none. */
function inOrder(
  all: Float64Array | undefined,
  rows: Int32Array,
  nodes: number,
  size = all!.length / nodes,
): Float64Array {
  const out = new Float64Array(rows.length * size);
  if (all)
    for (const [t, row] of rows.entries()) out.set(all.subarray(row * size, (row + 1) * size), t * size);
  return out;
}

function weightsOf(
  cell: Pick<Cell, "state">,
  rows: Int32Array,
  nodes: number,
  values: Readonly<Record<string, Float64Array>>,
  gradients: Readonly<Record<string, Float64Array>>,
): WatchedWeights[] {
  return weightSlots(cell).flatMap(({ slot, heads, rows: members }) => {
    const size = heads * members;
    const [all, slopes] = [values, gradients].map((of) => inOrder(of[slot], rows, nodes, size));
    const ofHead = (from: Float64Array, h: number) =>
      inOrder(
        from,
        Int32Array.from(rows, (_, t) => t * heads + h),
        rows.length * heads,
      );
    return Array.from({ length: heads }, (_, head) => ({
      slot,
      head,
      values: ofHead(all!, head),
      gradients: ofHead(slopes!, head),
    }));
  });
}

const kinds: KindsOf<MemoryReportOptions> = { sequences: optional(size) };
