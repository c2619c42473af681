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
  member: {
    count: ({ structure }) => structure.members,
    parents: { sequence: ({ structure }) => structure.parts.memberOf ?? new Int32Array(0) },
  },
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
  state: {
    count: ({ traversal, headRows, stepped, structure: { nodes, parts } }) =>
      headRows + (traversal === "push" ? stepped.length : parts.outPorts.length * nodes),
  },
};

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
