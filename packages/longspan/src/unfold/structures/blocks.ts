import { Structure, StructureError, type StructureParts } from "./structure.js";

/** Consecutive levels of a chain, as a chain of their own. */
export interface Block {
  /** The chain that was cut. */
  readonly whole: Structure;
  /** Every sequence of the whole has a source and a sink; one without a step here goes from one to the other. */
  readonly structure: Structure;
  /** Its rows among those of the whole: [begin, end). */
  readonly begin: number;
  readonly end: number;
  /** The sequences that have steps here, in order, and for each sequence its index among them; null where all take part. */
  readonly present: { readonly sequences: Int32Array; readonly indices: Int32Array } | null;
}

const known = new WeakMap<Structure, Map<number, readonly Block[]>>();

/**
 * Cuts a chain into blocks of about equally many levels, in the order in which they run: the states that leave one enter
 * the next. At most one block per level, at least one. Unless `count` is given, sqrt(levels) / 2: the residuals of one block,
 * alive for a moment, may take more than the states between blocks, alive all the while.
 *
 * @throws StructureError if the structure is not a chain.
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
    blocks = Array.from({ length: n }, (_, i) => blockOf(structure, cut(i), cut(i + 1)));
    counts.set(n, blocks);
  }
  return blocks;
}

const checked = new WeakSet<Structure>();

/** Checks that a structure can be cut into blocks. @throws StructureError if it is not a chain. */
export function checkBlocks(structure: Structure): void {
  if (checked.has(structure)) return;
  if (!isChain(structure.parts))
    throw new StructureError(
      'checkpointed back-propagation needs a chain, made by chain(lengths): trees and graphs are not cut into blocks of steps; use backward { kind: "full" }',
    );
  checked.add(structure);
}

/** Each node reads the one before it in its sequence, or its source; the levels run through the rows in one direction. */
function isChain(p: StructureParts): boolean {
  const { from, to } = p.edges;
  const single = p.inPorts.length === 1 && p.outPorts.length === 1 && !p.pushes;
  if (!single || p.sources !== p.sequences || p.sinks !== p.sequences) return false;
  if (from.length !== p.nodes + p.sequences) return false;
  const read = new Set<number>();
  for (let e = 0; e < from.length; e++) {
    const [f, t] = [from[e]!, to[e]!];
    if (e < p.nodes ? t !== e : t >= 0) return false;
    const sequence = t >= 0 ? p.sequenceOf[t]! : -t - 1;
    if (read.has(f) || (f < 0 ? f !== -(sequence + 1) : p.sequenceOf[f] !== sequence)) return false;
    read.add(f);
  }
  const forward = p.levelBegin.every((begin, l) => begin === (l === 0 ? 0 : p.levelEnd[l - 1]!));
  const backward = p.levelEnd.every((end, l) => end === (l === 0 ? p.nodes : p.levelBegin[l - 1]!));
  return forward || backward;
}

function blockOf(whole: Structure, first: number, last: number): Block {
  const p = whole.parts;
  const levelBegin = p.levelBegin.slice(first, last);
  const levelEnd = p.levelEnd.slice(first, last);
  const begin = levelBegin.length === 0 ? 0 : Math.min(levelBegin[0]!, levelBegin.at(-1)!);
  const end = levelEnd.length === 0 ? 0 : Math.max(levelEnd[0]!, levelEnd.at(-1)!);
  const nodes = end - begin;
  const sequenceOf = p.sequenceOf.slice(begin, end);

  const from = new Int32Array(nodes + p.sequences);
  const to = new Int32Array(nodes + p.sequences);
  const read = new Uint8Array(nodes);
  for (let r = 0; r < nodes; r++) {
    const f = p.edges.from[begin + r]! - begin;
    const inside = f >= 0 && f < nodes;
    from[r] = inside ? f : -(sequenceOf[r]! + 1);
    to[r] = r;
    if (inside) read[f] = 1;
  }
  // A sequence leaves by the step that no other reads.
  const present = new Uint8Array(p.sequences);
  for (let b = 0; b < p.sequences; b++) {
    from[nodes + b] = -(b + 1);
    to[nodes + b] = -(b + 1);
  }
  for (let r = 0; r < nodes; r++) {
    if (read[r]) continue;
    from[nodes + sequenceOf[r]!] = r;
    present[sequenceOf[r]!] = 1;
  }
  return {
    whole,
    structure: new Structure({
      ...p,
      nodes,
      edges: { from, to, fromPort: new Int32Array(from.length), toPort: new Int32Array(from.length) },
      levelBegin: levelBegin.map((r) => r - begin),
      levelEnd: levelEnd.map((r) => r - begin),
      sequenceOf,
      positions: p.positions.slice(begin, end),
      clock: null,
      // Nobody packs data for a block: its rows are views of the whole's.
      order: Int32Array.from({ length: nodes }, (_, r) => r),
    }),
    begin,
    end,
    present: presence(present),
  };
}

function presence(present: Uint8Array): Block["present"] {
  const sequences = Int32Array.from(present.keys()).filter((b) => present[b]);
  // Without any, as in a chain of empty sequences, all pass.
  if (sequences.length === 0 || sequences.length === present.length) return null;
  const indices = new Int32Array(present.length);
  sequences.forEach((b, i) => {
    indices[b] = i;
  });
  return { sequences, indices };
}
