import { Structure, StructureError, type StructureParts } from "./structure.js";

/** Consecutive levels of a structure, as a structure of their own. */
export interface Block {
  /** The structure that was cut. */
  readonly whole: Structure;
  /** Its sources are the states that are read from here on, its sinks those that are read later; some go from one to the other. */
  readonly structure: Structure;
  /** Its rows among those of the whole: [begin, end). */
  readonly begin: number;
  readonly end: number;
  /** Its edges into nodes among those of the whole: [edgeBegin, edgeEnd). */
  readonly edgeBegin: number;
  readonly edgeEnd: number;
  /** The sources that nodes here read, in order, and for each source its index among them; null where all are read. */
  readonly present: { readonly sources: Int32Array; readonly indices: Int32Array } | null;
}

const known = new WeakMap<Structure, Map<number, readonly Block[]>>();

/**
 * Cuts a structure into blocks of about equally many levels, in the order in which they run: the states that leave one enter
 * the next. At most one block per level, at least one. By default sqrt(levels) / 2: the residuals of one block,
 * alive for a moment, may take more than the states between blocks, alive all the while.
 *
 * @throws StructureError if the rows of the levels do not follow one another.
 */
export function blocksOf(
  structure: Structure,
  count = Math.ceil(Math.sqrt(structure.levels) / 2),
): readonly Block[] {
  checkBlocks(structure);
  const { levels } = structure;
  const n = Math.max(1, Math.min(count, levels));
  let counts = known.get(structure);
  if (!counts) {
    counts = new Map();
    known.set(structure, counts);
  }
  let blocks = counts.get(n);
  if (!blocks) {
    const cut = (i: number) => Math.floor((i * levels) / n);
    const cutter = new Cutter(structure);
    blocks = Array.from({ length: n }, (_, i) => cutter.block(cut(i), cut(i + 1)));
    counts.set(n, blocks);
  }
  return blocks;
}

/** Checks that a structure can be cut into blocks. @throws StructureError if the rows of its levels do not follow one another. */
export function checkBlocks({ parts: p }: Structure): void {
  const forward = p.levelBegin.every((begin, l) => begin === (l === 0 ? 0 : p.levelEnd[l - 1]!));
  const backward = p.levelEnd.every((end, l) => end === (l === 0 ? p.nodes : p.levelBegin[l - 1]!));
  if (p.pushes || !(forward || backward))
    throw new StructureError(
      'checkpointed back-propagation cuts a structure between its levels, and the rows of this one do not follow level after level; make it with chain(), grid(), trees() or graph(), or use backward { kind: "full" }',
    );
}

/** Cuts blocks off a structure, one after the other. */
class Cutter {
  /** Per node and per source: the last level that reads it; sinks read after all levels. */
  private readonly lastRead: { readonly nodes: Int32Array; readonly sources: Int32Array };
  private readonly sinks: Int32Array;
  /** The ends of edges that the sources of the next block stand for. */
  private entering: readonly number[];

  constructor(private readonly whole: Structure) {
    const p = whole.parts;
    const { from, to } = p.edges;
    const level = new Int32Array(p.nodes);
    p.levelBegin.forEach((begin, l) => {
      level.fill(l, begin, p.levelEnd[l]);
    });
    const nodes = new Int32Array(p.nodes).fill(-1);
    const sources = new Int32Array(p.sources).fill(-1);
    this.sinks = new Int32Array(p.sinks);
    from.forEach((f, e) => {
      const t = to[e]!;
      const reader = t < 0 ? whole.levels : level[t]!;
      if (t < 0) this.sinks[-t - 1] = f;
      if (f >= 0) nodes[f] = Math.max(nodes[f]!, reader);
      else if (-f <= p.sources) sources[-f - 1] = Math.max(sources[-f - 1]!, reader);
    });
    this.lastRead = { nodes, sources };
    this.entering = Array.from({ length: p.sources }, (_, b) => -(b + 1));
  }

  /** The block of the levels [first, last), after those before it. */
  block(first: number, last: number): Block {
    const { whole } = this;
    const p = whole.parts;
    const levelBegin = p.levelBegin.slice(first, last);
    const levelEnd = p.levelEnd.slice(first, last);
    const begin = levelBegin.length === 0 ? 0 : Math.min(levelBegin[0]!, levelBegin.at(-1)!);
    const end = levelEnd.length === 0 ? 0 : Math.max(levelEnd[0]!, levelEnd.at(-1)!);
    const [edgeBegin, edgeEnd] = edgesInto(p, begin, end);

    const source = new Map(this.entering.map((f, i) => [f, -(i + 1)]));
    const isLast = last === whole.levels;
    const leaving = isLast ? Array.from(this.sinks) : this.readLater(last, begin, end);
    const inside = (f: number) => (f >= begin && f < end ? f - begin : (source.get(f) ?? f));
    const into = Array.from({ length: edgeEnd - edgeBegin }, (_, k) => edgeBegin + k);
    const from = Int32Array.from([...into.map((e) => inside(p.edges.from[e]!)), ...leaving.map(inside)]);
    const to = Int32Array.from([
      ...into.map((e) => p.edges.to[e]! - begin),
      ...leaving.map((_, k) => -(k + 1)),
    ]);
    const toPort = new Int32Array(from.length);
    toPort.set(p.edges.toPort.subarray(edgeBegin, edgeEnd));
    const read = new Uint8Array(this.entering.length);
    for (const f of from.subarray(0, into.length)) if (f < 0 && -f <= read.length) read[-f - 1] = 1;

    const nodes = end - begin;
    const { sourceSequence, sinkSequence, edgeOrder, own, gridSizes, ...others } = p;
    const structure = new Structure({
      ...others,
      nodes,
      sources: this.entering.length,
      sinks: leaving.length,
      edges: { from, to, fromPort: new Int32Array(from.length), toPort },
      levelBegin: levelBegin.map((r) => r - begin),
      levelEnd: levelEnd.map((r) => r - begin),
      sequenceOf: p.sequenceOf.slice(begin, end),
      positions: p.positions.slice(begin, end),
      clock: null,
      // Nobody packs data for a block: its rows are views of the whole's.
      order: Int32Array.from({ length: nodes }, (_, r) => r),
    });
    this.entering = leaving;
    return { whole, structure, begin, end, edgeBegin, edgeEnd, present: presence(read) };
  }

  /** What is written before a level and read by it or later: what entered this block, then what its nodes write. */
  private readLater(level: number, begin: number, end: number): number[] {
    const { nodes, sources } = this.lastRead;
    const isRead = (f: number) => (f >= 0 ? nodes[f]! : sources[-f - 1]!) >= level;
    const own = Array.from({ length: end - begin }, (_, k) => begin + k);
    return [...this.entering, ...own].filter(isRead);
  }
}

/** The edges into the nodes [begin, end): they stand in the order of the nodes. */
function edgesInto({ edges: { to } }: StructureParts, begin: number, end: number): [number, number] {
  const first = (row: number) => {
    let [low, high] = [0, to.length];
    // Edges to sinks stand at the end.
    while (low < high) {
      const mid = (low + high) >> 1;
      if (to[mid]! < 0 || to[mid]! >= row) high = mid;
      else low = mid + 1;
    }
    return low;
  };
  return [first(begin), first(end)];
}

function presence(present: Uint8Array): Block["present"] {
  const sources = Int32Array.from(present.keys()).filter((b) => present[b]);
  // Without any, as in a chain of empty sequences, all pass.
  if (sources.length === 0 || sources.length === present.length) return null;
  const indices = new Int32Array(present.length);
  sources.forEach((b, i) => {
    indices[b] = i;
  });
  return { sources, indices };
}
