import { Structure } from "../../../unfold/index.js";
import { never } from "./cell.js";

/** The lattice of frames and labels of a batch: which node reads which, and what each node is. */
export interface Lattice {
  /** A level per frame, and one more in which a sequence ends: a node whose blank is certain. */
  readonly structure: Structure;
  /** Per node, the row of its frame; -1 for the end. */
  readonly frame: Int32Array;
  /** Per node, its label; -1 where there is none: after the last label and at the end. */
  readonly label: Int32Array;
  /** Per node, 0, or ln 0 where its label is the one before it. */
  readonly barred: Float64Array;
}

/** The part of one sequence, while its nodes are laid out. */
interface SequenceLattice {
  readonly sequence: number;
  readonly labels: readonly number[];
  /** Rows of its frames. */
  readonly frames: readonly number[];
  /** Per k in 0..L, the first frame that can be at (t, k), and the last from which the end can be reached. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** The row of its first node in the level before, and which k in 0..L have nodes there. */
  row: number;
  from: number;
  to: number;
  /** Nodes laid out so far. */
  count: number;
}

/** Frames that an alignment of these labels takes at least: one for each label, and a blank between a label and itself. */
export function framesNeeded(labels: readonly number[]): number {
  return labels.reduce((n, l, k) => n + (k > 0 && l === labels[k - 1] ? 2 : 1), 0);
}

/**
 * Lays out the lattice: the nodes that lie on the way of some alignment from the start to the end, and no others. A sequence that has too few
 * frames for its labels has its end alone.
 *
 * What arrives from nowhere must be ln 0, not 0: it comes from the sequence's source. The one arrival that is ln 1, at the start, is the one
 * that has no edge, since a node without an edge reads zero.
 *
 * @param frames per sequence, the rows of its frames
 */
export function layOutLattice(
  frames: readonly (readonly number[])[],
  labels: readonly (readonly number[])[],
): Lattice {
  const parts = frames.map((rows, b) => partOf(b, rows, labels[b]!));
  const nodes = parts.reduce((n, p) => n + nodesOf(p), 0);
  const [frame, label, barred] = [new Int32Array(nodes), new Int32Array(nodes), new Float64Array(nodes)];
  const [sequenceOf, positions, order] = [
    new Int32Array(nodes),
    new Int32Array(nodes),
    new Int32Array(nodes),
  ];
  const starts = new Int32Array(parts.length);
  for (let b = 1; b < parts.length; b++) starts[b] = starts[b - 1]! + nodesOf(parts[b - 1]!);
  const edges = new EdgeList(2 * nodes + parts.length);
  const levels = parts.reduce((n, p) => Math.max(n, p.frames.length + 1), 0);
  const [levelBegin, levelEnd] = [new Int32Array(levels), new Int32Array(levels)];
  let row = 0;
  for (let t = 0; t < levels; t++) {
    levelBegin[t] = row;
    for (const p of parts) {
      const T = p.frames.length;
      if (t > T) continue;
      const L = p.labels.length;
      const [from, to] = t === T ? [L, L] : rangeAt(p, t);
      const source = -(p.sequence + 1);
      const before = (k: number) => (k >= p.from && k <= p.to ? p.row + k - p.from : source);
      const begin = row;
      for (let k = from; k <= to; k++, row++) {
        edges.add(before(k), row, stay);
        const isStart = t === 0 && k === 0;
        if (!isStart) edges.add(before(k - 1), row, next);
        frame[row] = t === T ? -1 : p.frames[t]!;
        label[row] = k === L ? -1 : p.labels[k]!;
        barred[row] = k > 0 && k < L && p.labels[k] === p.labels[k - 1] ? never : 0;
        sequenceOf[row] = p.sequence;
        positions[row] = p.count;
        order[row] = starts[p.sequence]! + p.count;
        p.count += 1;
      }
      p.row = begin;
      p.from = from;
      p.to = to;
    }
    levelEnd[t] = row;
  }
  for (const p of parts) edges.add(p.row, -(p.sequence + 1), 0);
  const B = parts.length;
  const structure = new Structure({
    nodes,
    sequences: B,
    sources: B,
    sinks: B,
    edges: edges.columns(),
    levelBegin,
    levelEnd,
    inPorts: ctcPorts,
    outPorts: ["out"],
    sequenceOf,
    examples: Int32Array.from(parts, (p) => p.sequence),
    positions,
    clock: null,
    order,
    pushes: false,
  });
  return { structure, frame, label, barred };
}

const ctcPorts = ["stay", "next"];
const [stay, next] = [0, 1];

function partOf(sequence: number, frames: readonly number[], labels: readonly number[]): SequenceLattice {
  const [T, L] = [frames.length, labels.length];
  const repeats = (k: number) => (k > 0 && labels[k] === labels[k - 1] ? 1 : 0);
  const [first, last] = [new Int32Array(L + 1), new Int32Array(L + 1)];
  // The first frame that can be a label, and the last: one frame further for each label, two where a blank comes in between.
  let said = -1;
  for (let k = 0; k < L; k++) {
    first[k] = said + 1;
    said += 1 + repeats(k);
  }
  first[L] = said + 1;
  let toSay = T - 1;
  last[L] = T - 1;
  for (let k = L - 1; k >= 0; k--) {
    last[k] = toSay;
    toSay -= 1 + repeats(k);
  }
  if (framesNeeded(labels) > T) first.fill(T);
  return { sequence, labels, frames, first, last, row: 0, from: 0, to: -1, count: 0 };
}

/** Which k have nodes at frame t: those between, since both bounds rise with k. */
function rangeAt({ first, last }: SequenceLattice, t: number): [number, number] {
  let [from, to] = [0, first.length - 1];
  while (from <= to && last[from]! < t) from += 1;
  while (to >= from && first[to]! > t) to -= 1;
  return [from, to];
}

/** Nodes of a sequence, the end included. */
function nodesOf({ first, last }: SequenceLattice): number {
  return first.reduce((n, t, k) => n + Math.max(0, last[k]! - t + 1), 1);
}

/** Edges as columns, of which as many are used as are added. */
class EdgeList {
  private readonly from: Int32Array;
  private readonly to: Int32Array;
  private readonly toPort: Int32Array;
  private count = 0;

  constructor(most: number) {
    [this.from, this.to, this.toPort] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)];
  }

  add(from: number, to: number, port: number): void {
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.toPort[this.count] = port;
    this.count += 1;
  }

  columns() {
    const cut = (column: Int32Array) => column.subarray(0, this.count);
    return {
      from: cut(this.from),
      fromPort: new Int32Array(this.count),
      to: cut(this.to),
      toPort: cut(this.toPort),
    };
  }
}
