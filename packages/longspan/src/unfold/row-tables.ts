import type { RowTableDecl, RowTableKey } from "../compile/index.js";
import type { ListTable, RowTable } from "../program/index.js";
import { type Layout, type Lists, listsBy } from "./layout.js";
import { parentRows, rowSpaces } from "./row-spaces.js";

/** The table of a structure that a program names. */
export function rowTable(layout: Layout, { key, kind }: RowTableDecl): RowTable | ListTable {
  const table = (builders[key.rows] as (layout: Layout, key: RowTableKey) => RowTable | Lists)(layout, key);
  if (!("starts" in table)) return table;
  return kind === "lists" ? table : { offset: 0, index: singleRows(table) };
}

/** How each kind of table is built: the rows themselves, or lists of them that serve as rows where each has one at most. */
const builders: {
  readonly [K in RowTableKey["rows"]]: (
    layout: Layout,
    key: Extract<RowTableKey, { readonly rows: K }>,
  ) => RowTable | Lists;
} = {
  port: (layout, { port }) => ({ offset: layout.portBegin(port), index: null }),
  arrivals: (layout, { port }) => layout.arrivals[port]!,
  sources: () => ({ offset: 1, index: null }),
  sinks: (layout) => layout.sinks,
  messages: (layout) => ({ offset: layout.headRows, index: null }),
  edgeStates: (layout) => {
    const { from, fromPort } = layout.structure.parts.edges;
    return { offset: 0, index: layout.stepped.map((e) => layout.stateRow(from[e]!, fromPort[e]!)) };
  },
  parent: (layout, { of, by }) => ({ offset: 0, index: parentRows(layout, by, of) }),
  children: (layout, { of, by }) => {
    const parents = parentRows(layout, of, by);
    return listsBy(
      Int32Array.from(parents.keys()),
      (r) => parents[r]!,
      (r) => r,
      rowSpaces[by].count(layout),
    );
  },
};

/** One row per reader; the zero row where there is none. */
function singleRows({ starts, index }: Lists): Int32Array {
  return Int32Array.from({ length: starts.length - 1 }, (_, r) =>
    starts[r + 1]! > starts[r]! ? index[starts[r]!]! : 0,
  );
}
