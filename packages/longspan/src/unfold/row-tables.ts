import type { RowTableDecl, RowTableKey } from "../compile/index.js";
import { isWithin, joinScopes, type ListTable, type RowTable } from "../program/index.js";
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
  port: (layout, { port, recent }) => {
    const begin = layout.portBegin(port);
    const { rowOf } = layout.recent;
    if (!recent || rowOf === null) return { offset: begin, index: null };
    return { offset: 0, index: rowOf.subarray(begin, begin + layout.structure.nodes) };
  },
  arrivals: (layout, { port, recent }) => amongRecent(layout, layout.arrivals[port]!, recent),
  sources: () => ({ offset: 1, index: null }),
  sinks: (layout, { recent }) => amongRecent(layout, layout.sinks, recent),
  messages: (layout) => ({ offset: layout.headRows, index: null }),
  edgeStates: (layout) => {
    const { from, fromPort } = layout.structure.parts.edges;
    return { offset: 0, index: layout.stepped.map((e) => layout.stateRow(from[e]!, fromPort[e]!)) };
  },
  parent: (layout, { of, by }) => ({ offset: 0, index: parentRows(layout, by, of) }),
  through: (layout, { key, of, by }) => {
    const { offset, index } = rowTable(layout, { name: "", kind: "map", key }) as RowTable;
    const parents = parentRows(layout, by, of);
    return { offset, index: index === null ? parents : parents.map((r) => index[r]!) };
  },
  children: (layout, { of, by }) => {
    // Where rows of neither belong to rows of the other, those that meet: the members of a node's own sequence.
    const meeting = isWithin(of, by) ? of : joinScopes([of, by]);
    const [rows, readers] = [of, by].map((s) => parentRows(layout, meeting, s)) as [Int32Array, Int32Array];
    return listsBy(
      Int32Array.from(rows.keys()),
      (r) => readers[r]!,
      (r) => rows[r]!,
      rowSpaces[by].count(layout),
    );
  },
};

/** Lists of states, where those of a few levels are kept: lists of the rows that hold them. */
function amongRecent({ recent: { rowOf } }: Layout, lists: Lists, recent: boolean): Lists {
  return recent && rowOf !== null ? { ...lists, index: lists.index.map((r) => rowOf[r]!) } : lists;
}

/** One row per reader; the zero row where there is none. */
function singleRows({ starts, index }: Lists): Int32Array {
  const rows = new Int32Array(starts.length - 1);
  for (let r = 0; r < rows.length; r++) if (starts[r + 1]! > starts[r]!) rows[r] = index[starts[r]!]!;
  return rows;
}
