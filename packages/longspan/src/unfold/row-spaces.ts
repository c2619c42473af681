import {
  isWithin,
  type LevelledSpace,
  type LevelRows,
  type Scope,
  type Space,
  spaces,
} from "../program/index.js";
import type { Layout } from "./layout.js";

/** Spaces whose rows a structure has. */
export type StructureSpace = Exclude<Space, "row">;

type ParentOf<S extends Space> = Exclude<(typeof spaces)[S]["parents"][number], "one">;

/** What a structure says of a space. What a space needs to say follows from its record in program/spaces.ts. */
type RowsOf<S extends Space> = {
  readonly count: (layout: Layout) => number;
} & (S extends LevelledSpace ? { readonly levels: (layout: Layout) => LevelRows } : unknown) &
  ([ParentOf<S>] extends [never]
    ? unknown
    : {
        /** Per parent, the row of it that each row belongs to. */
        readonly parents: { readonly [P in ParentOf<S>]: (layout: Layout) => Int32Array };
      });

/** What holds of every space. */
interface AnyRows {
  readonly count: (layout: Layout) => number;
  readonly parents?: Readonly<Record<string, (layout: Layout) => Int32Array>>;
}

/** Row counts, levels and parents of every space over a structure. */
export const rowSpaces: { readonly [S in StructureSpace]: RowsOf<S> } = {
  one: { count: () => 1 },
  sequence: { count: ({ structure }) => structure.sequences },
  node: {
    count: ({ structure }) => structure.nodes,
    levels: ({ structure: { parts } }) => ({ begin: parts.levelBegin, end: parts.levelEnd }),
    parents: { sequence: ({ structure }) => structure.parts.sequenceOf },
  },
  edge: {
    count: ({ stepped }) => stepped.length,
    levels: ({ edgeLevels }) => edgeLevels,
    parents: { node: (layout) => layout.edgeNodes() },
  },
  source: { count: ({ structure }) => structure.parts.sources },
  sink: { count: ({ structure }) => structure.parts.sinks },
  leaving: { count: ({ structure: { nodes, parts } }) => parts.outPorts.length * nodes },
  recent: { count: ({ recent }) => recent.count },
  state: {
    count: ({ traversal, headRows, stepped, structure: { nodes, parts } }) =>
      headRows + (traversal === "push" ? stepped.length : parts.outPorts.length * nodes),
  },
  member0: membersOf(0),
  member1: membersOf(1),
  member2: membersOf(2),
  member3: membersOf(3),
  pair0: {
    ...pairRows(0),
    parents: { node: (layout) => layout.pairs(0).node, member0: (layout) => layout.pairs(0).member },
  },
  pair1: {
    ...pairRows(1),
    parents: { node: (layout) => layout.pairs(1).node, member1: (layout) => layout.pairs(1).member },
  },
  pair2: {
    ...pairRows(2),
    parents: { node: (layout) => layout.pairs(2).node, member2: (layout) => layout.pairs(2).member },
  },
  pair3: {
    ...pairRows(3),
    parents: { node: (layout) => layout.pairs(3).node, member3: (layout) => layout.pairs(3).member },
  },
};

/** The rows of the members of a set, by its number. */
function membersOf(set: number): RowsOf<"member0"> {
  return {
    count: ({ structure }) => structure.sets[set]?.sequenceOf.length ?? 0,
    parents: { sequence: ({ structure }) => structure.sets[set]?.sequenceOf ?? new Int32Array(0) },
  };
}

/** The rows of the pairs of nodes and members of a set: the nodes of a level lie side by side, and so do their pairs. */
function pairRows(set: number): Omit<RowsOf<"pair0">, "parents"> {
  const atNodes = (layout: Layout, nodes: Int32Array) => {
    const { begin } = layout.pairs(set);
    return nodes.map((n) => begin[n] ?? 0);
  };
  return {
    count: (layout) => layout.pairs(set).node.length,
    levels: (layout) => ({
      begin: atNodes(layout, layout.structure.parts.levelBegin),
      end: atNodes(layout, layout.structure.parts.levelEnd),
    }),
  };
}

/** The row of `of` that each row of `by` belongs to. @throws RangeError if rows of `by` do not belong to rows of `of` */
export function parentRows(layout: Layout, by: Scope, of: Scope): Int32Array {
  const { count, parents: direct = {} }: AnyRows = rowSpaces[by];
  if (by === of) return Int32Array.from({ length: count(layout) }, (_, r) => r);
  for (const parent of spaces[by].parents) {
    if (!isWithin(parent, of)) continue;
    const rows = direct[parent]?.(layout) ?? new Int32Array(count(layout));
    if (parent === of) return rows;
    const above = parentRows(layout, parent, of);
    return rows.map((r) => above[r]!);
  }
  throw new RangeError(`rows of ${by} do not belong to rows of ${of}`);
}
