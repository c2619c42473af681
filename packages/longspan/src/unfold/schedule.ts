import type { CellGraph } from "../cell/index.js";
import type { RowTableDecl, StructureClass } from "../compile/index.js";
import { type LevelledSpace, type LevelRows, levelledSpaces, type Schedule } from "../program/index.js";
import { Layout, type Lists, type Traversal, traversalOf } from "./layout.js";
import { rowSpaces, type StructureSpace } from "./row-spaces.js";
import { rowTable } from "./row-tables.js";
import type { Structure } from "./structures/structure.js";

const layouts = new WeakMap<Structure, Map<Traversal, Layout>>();

/** The layout of a structure for cells like this one. */
export function layoutOf(structure: Structure, cell: CellGraph): Layout {
  const traversal = traversalOf(cell);
  let byTraversal = layouts.get(structure);
  if (!byTraversal) {
    byTraversal = new Map();
    layouts.set(structure, byTraversal);
  }
  let layout = byTraversal.get(traversal);
  if (!layout) {
    layout = new Layout(structure, traversal);
    byTraversal.set(traversal, layout);
  }
  return layout;
}

/** What the program of a cell must know of a structure that is laid out so. */
export function classOf(
  { arrivals, sinks, traversal }: Layout,
  { stateIn, outputs }: CellGraph,
): StructureClass {
  const isWanted = (port: number) => stateIn[port]!.some((v) => outputs.some((o) => o.value === v));
  return {
    // Messages are always summed over lists; states are read in place where each node has one.
    arrivals: arrivals.map((a, port) => {
      if (!a.single || traversal === "pull") return "lists";
      return traversal === "direct" && isWanted(port) && isShifted(a) ? "shifted" : "single";
    }),
    sinks: sinks.single ? "single" : "lists",
  };
}

/** Whether the rows that readers see lie side by side, as the readers do: chains of one length read the level before theirs so. */
function isShifted({ starts, index }: Lists): boolean {
  const readers = starts.length - 1;
  return readers > 0 && index.length === readers && index.every((row, r) => row === index[0]! + r);
}

const schedules = new WeakMap<Layout, Map<string, Schedule>>();

/** What a layout brings to a run of a program with these tables. */
export function scheduleOf(layout: Layout, tables: readonly RowTableDecl[]): Schedule {
  let known = schedules.get(layout);
  if (!known) {
    known = new Map();
    schedules.set(layout, known);
  }
  const key = tables.map((t) => t.name).join();
  let schedule = known.get(key);
  if (!schedule) {
    schedule = {
      counts: countsOf(layout),
      levels: layout.structure.levels,
      levelRows: Object.fromEntries(levelledSpaces.map((s) => [s, rowSpaces[s].levels(layout)])) as Record<
        LevelledSpace,
        LevelRows
      >,
      headRows: layout.headRows,
      tables: tables.map((t) => rowTable(layout, t)),
    };
    known.set(key, schedule);
  }
  return schedule;
}

function countsOf(layout: Layout): Record<StructureSpace, number> {
  const counts = Object.entries(rowSpaces).map(([space, { count }]) => [space, count(layout)]);
  return Object.fromEntries(counts) as Record<StructureSpace, number>;
}
