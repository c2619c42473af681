import type { CellGraph } from "../cell/index.js";
import type { LevelRows, ListTable } from "../program/index.js";
import { type RecentRows, recentRowsOf } from "./recent-rows.js";
import { type Pairs, pairsOf } from "./structures/sets.js";
import { type Structure, zeroState } from "./structures/structure.js";

/** How states go along edges: as they are (`direct`), or through an edge step before (`pull`) or after (`push`) the nodes. */
export type Traversal = "direct" | "pull" | "push";

/** How the states of a cell go along edges. */
export function traversalOf(cell: CellGraph): Traversal {
  return cell.edge?.when ?? "direct";
}

const noPairs: Pairs = {
  begin: new Int32Array(1),
  node: new Int32Array(0),
  member: new Int32Array(0),
};

/** Lists of rows by reader, in edge order. */
export interface Lists extends ListTable {
  /** Whether no list has more than one row. */
  readonly single: boolean;
}

/** The edges of one structure as cells of one traversal run over them, and the rows that readers see. */
export class Layout {
  /** Edges that an edge step runs over, by their index in the structure's list; none if the traversal is direct. */
  readonly stepped: Int32Array;
  /** Per in-port, what each node reads. */
  readonly arrivals: readonly Lists[];
  /** What each sink reads. */
  readonly sinks: Lists;
  /** The stepped edges of each level. */
  readonly edgeLevels: LevelRows;
  private recentRows: RecentRows | null = null;

  constructor(
    readonly structure: Structure,
    readonly traversal: Traversal,
  ) {
    const p = structure.parts;
    const { from, fromPort, to, toPort } = p.edges;
    const count = from.length;
    const isStepped = (e: number) =>
      traversal === "pull" ? to[e]! >= 0 : traversal === "push" ? from[e]! >= 0 : false;
    const stepped: number[] = [];
    // The row in the buffer that a reader sees: a state, or a message.
    const row = new Int32Array(count);
    for (let e = 0; e < count; e++) {
      if (isStepped(e)) {
        row[e] = (traversal === "push" ? this.headRows : 0) + stepped.length;
        stepped.push(e);
      } else row[e] = this.stateRow(from[e]!, fromPort[e]!);
    }
    this.stepped = Int32Array.from(stepped);
    this.arrivals = p.inPorts.map((_, q) =>
      listsBy(
        chosen(count, (e) => to[e]! >= 0 && toPort[e] === q),
        (e) => to[e]!,
        (e) => row[e]!,
        p.nodes,
      ),
    );
    this.sinks = listsBy(
      chosen(count, (e) => to[e]! < 0 && to[e] !== zeroState),
      (e) => -to[e]! - 1,
      (e) => row[e]!,
      p.sinks,
    );
    const begin = new Int32Array(p.levelBegin.length);
    const end = new Int32Array(p.levelBegin.length);
    if (traversal !== "direct") {
      const nodes = this.edgeNodes();
      for (let l = 0; l < p.levelBegin.length; l++) {
        begin[l] = lowerBound(stepped.length, (i) => nodes[i]! >= p.levelBegin[l]!);
        end[l] = lowerBound(stepped.length, (i) => nodes[i]! >= p.levelEnd[l]!);
      }
    }
    this.edgeLevels = { begin, end };
  }

  /** Rows at the head of what states arrive in: the zero row and the sources. */
  get headRows(): number {
    return 1 + this.structure.parts.sources;
  }

  /** The first row of the states that leave by a port. Where messages are pushed, no sources come before them. */
  portBegin(port: number): number {
    return (this.traversal === "push" ? 0 : this.headRows) + port * this.structure.nodes;
  }

  /** The row of the state at the end of an edge. */
  stateRow(end: number, port: number): number {
    if (end === zeroState) return 0;
    return end < 0 ? -end : this.portBegin(port) + end;
  }

  /** The pairs of nodes and members of a set, by its number; none where there is no such set. */
  pairs(set: number): Pairs {
    const { sets, parts } = this.structure;
    return sets[set] ? pairsOf(sets[set], parts.sequenceOf) : noPairs;
  }

  /** The rows of states in a buffer that keeps those of a few levels. */
  get recent(): RecentRows {
    this.recentRows ??= recentRowsOf(this);
    return this.recentRows;
  }

  /** The node of each stepped edge: the one that an edge step's inputs are taken from. */
  edgeNodes(): Int32Array {
    const end = this.traversal === "push" ? this.structure.parts.edges.from : this.structure.parts.edges.to;
    return this.stepped.map((e) => end[e]!);
  }
}

/** The numbers below `count` that are wanted. */
function chosen(count: number, wanted: (i: number) => boolean): Int32Array {
  const numbers = new Int32Array(count);
  let found = 0;
  for (let i = 0; i < count; i++) if (wanted(i)) numbers[found++] = i;
  return numbers.subarray(0, found);
}

/** Lists of rows by reader: `items` in their order, each with its reader and its row. */
export function listsBy(
  items: ArrayLike<number>,
  reader: (i: number) => number,
  row: (i: number) => number,
  readers: number,
): Lists {
  const starts = new Int32Array(readers + 1);
  for (let k = 0; k < items.length; k++) starts[reader(items[k]!) + 1]! += 1;
  let single = true;
  for (let r = 0; r < readers; r++) {
    if (starts[r + 1]! > 1) single = false;
    starts[r + 1]! += starts[r]!;
  }
  const next = starts.slice(0, readers);
  const index = new Int32Array(items.length);
  for (let k = 0; k < items.length; k++) index[next[reader(items[k]!)]!++] = row(items[k]!);
  return { starts, index, single };
}

function lowerBound(n: number, reached: (i: number) => boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (reached(mid)) high = mid;
    else low = mid + 1;
  }
  return low;
}
