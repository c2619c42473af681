import type { CellGraph } from "../cell/index.js";
import type { StructureClass } from "../compile/index.js";
import type { ListTable, RowTable, Schedule, TableDecl } from "../program/index.js";
import { nothing, type Structure } from "./structures/structure.js";

/** How a cell meets a structure: states go along edges as they are, or through an edge step before or after the nodes. */
type Form = "direct" | "pull" | "push";

function formOf(cell: CellGraph): Form {
  return cell.edge?.when ?? "direct";
}

/** Lists of rows by reader, in edge order. */
interface Lists {
  readonly starts: Int32Array;
  readonly index: Int32Array;
  readonly single: boolean;
}

/** The row tables of one structure for cells of one form. Built once, on demand. */
class Layout {
  /** Edges that an edge step runs over, by their place in the structure's list; none in the direct form. */
  readonly stepped: Int32Array;
  readonly arrivals: readonly Lists[];
  readonly sinks: Lists;
  readonly edgeBegin: Int32Array;
  readonly edgeEnd: Int32Array;
  private readonly schedules = new Map<string, Schedule>();

  constructor(
    private readonly structure: Structure,
    private readonly form: Form,
  ) {
    const p = structure.parts;
    const { from, fromPort, to, toPort } = p.edges;
    const count = from.length;
    const isStepped = (e: number) =>
      form === "pull" ? to[e]! >= 0 : form === "push" ? from[e]! >= 0 : false;
    const stepped: number[] = [];
    // The row in the buffer that a reader sees: a state, or a message.
    const row = new Int32Array(count);
    for (let e = 0; e < count; e++) {
      const f = from[e]!;
      const stateRow = f === nothing ? 0 : f < 0 ? -f : 1 + p.sources + fromPort[e]! * p.nodes + f;
      if (isStepped(e)) {
        row[e] = (form === "push" ? 1 + p.sources : 0) + stepped.length;
        stepped.push(e);
      } else row[e] = stateRow;
    }
    this.stepped = Int32Array.from(stepped);
    this.arrivals = p.inPorts.map((_, q) => {
      const chosen: number[] = [];
      for (let e = 0; e < count; e++) if (to[e]! >= 0 && toPort[e] === q) chosen.push(e);
      return listsBy(
        chosen,
        (e) => to[e]!,
        (e) => row[e]!,
        p.nodes,
      );
    });
    const final: number[] = [];
    for (let e = 0; e < count; e++) if (to[e]! < 0 && to[e] !== nothing) final.push(e);
    this.sinks = listsBy(
      final,
      (e) => -to[e]! - 1,
      (e) => row[e]!,
      p.sinks,
    );

    const end = form === "push" ? from : to;
    this.edgeBegin = new Int32Array(p.levelBegin.length);
    this.edgeEnd = new Int32Array(p.levelBegin.length);
    if (form !== "direct") {
      for (let l = 0; l < p.levelBegin.length; l++) {
        this.edgeBegin[l] = lowerBound(stepped.length, (i) => end[stepped[i]!]! >= p.levelBegin[l]!);
        this.edgeEnd[l] = lowerBound(stepped.length, (i) => end[stepped[i]!]! >= p.levelEnd[l]!);
      }
    }
  }

  /** The edge rows' nodes: those that an edge step's inputs are taken from. */
  edgeNodes(): Int32Array {
    const end = this.form === "push" ? this.structure.parts.edges.from : this.structure.parts.edges.to;
    return this.stepped.map((e) => end[e]!);
  }

  classOf(): StructureClass {
    // Messages are always summed over lists; states are read in place where each node has one.
    const arrivals = this.arrivals.map((a) =>
      a.single && this.form !== "pull" ? ("single" as const) : ("lists" as const),
    );
    return { arrivals, sinks: this.sinks.single ? "single" : "lists" };
  }

  schedule(cell: CellGraph, tables: readonly TableDecl[]): Schedule {
    const key = `${cell.outPorts.length}|${tables.map((t) => t.name).join()}`;
    let s = this.schedules.get(key);
    if (!s) {
      const p = this.structure.parts;
      const blocks = this.form === "push" ? this.stepped.length : cell.outPorts.length * p.nodes;
      s = {
        counts: {
          one: 1,
          sequence: p.sequences,
          node: p.nodes,
          edge: this.stepped.length,
          source: p.sources,
          sink: p.sinks,
          state: 1 + p.sources + blocks,
        },
        levels: p.levelBegin.length,
        nodeBegin: p.levelBegin,
        nodeEnd: p.levelEnd,
        edgeBegin: this.edgeBegin,
        edgeEnd: this.edgeEnd,
        headRows: 1 + p.sources,
        tables: tables.map((t) => this.table(t)),
      };
      this.schedules.set(key, s);
    }
    return s;
  }

  private table({ name, kind }: TableDecl): RowTable | ListTable {
    const p = this.structure.parts;
    const number = Number(name.replace(/^\D+/, ""));
    if (name.startsWith("port")) return { offset: 1 + p.sources + number * p.nodes, index: null };
    if (name === "sources") return { offset: 1, index: null };
    if (name === "messages") return { offset: 1 + p.sources, index: null };
    if (name === "sequenceOf") return { offset: 0, index: p.sequenceOf };
    if (name === "sequenceOfEdge") return { offset: 0, index: this.edgeNodes().map((n) => p.sequenceOf[n]!) };
    if (name === "edgeSource") return { offset: 0, index: this.edgeSources() };
    if (name === "nodesOfSequence") {
      const rows = Array.from({ length: p.nodes }, (_, r) => r);
      return listsBy(
        rows,
        (r) => p.sequenceOf[r]!,
        (r) => r,
        p.sequences,
      );
    }
    if (name === "edgesOfSequence") {
      const nodes = this.edgeNodes();
      const rows = Array.from(nodes, (_, e) => e);
      return listsBy(
        rows,
        (e) => p.sequenceOf[nodes[e]!]!,
        (e) => e,
        p.sequences,
      );
    }
    const lists = name === "sinks" ? this.sinks : this.arrivals[number];
    if (!lists) throw new Error(`no row table "${name}"`);
    return kind === "lists" ? lists : { offset: 0, index: singleRows(lists) };
  }

  /** Where an edge step finds its source's state. */
  private edgeSources(): Int32Array {
    const { from } = this.structure.parts.edges;
    const { sources } = this.structure.parts;
    return this.stepped.map((e) => {
      const f = from[e]!;
      if (this.form === "push") return f;
      return f === nothing ? 0 : f < 0 ? -f : 1 + sources + f;
    });
  }
}

const layouts = new WeakMap<Structure, Map<Form, Layout>>();

/** The layout of a structure for cells like this one. */
export function layoutOf(structure: Structure, cell: CellGraph): Layout {
  const form = formOf(cell);
  let forms = layouts.get(structure);
  if (!forms) {
    forms = new Map();
    layouts.set(structure, forms);
  }
  let layout = forms.get(form);
  if (!layout) {
    layout = new Layout(structure, form);
    forms.set(form, layout);
  }
  return layout;
}

function listsBy(
  items: readonly number[],
  reader: (i: number) => number,
  row: (i: number) => number,
  readers: number,
): Lists {
  const starts = new Int32Array(readers + 1);
  for (const i of items) starts[reader(i) + 1]! += 1;
  let single = true;
  for (let r = 0; r < readers; r++) {
    if (starts[r + 1]! > 1) single = false;
    starts[r + 1]! += starts[r]!;
  }
  const next = starts.slice(0, readers);
  const index = new Int32Array(items.length);
  for (const i of items) index[next[reader(i)]!++] = row(i);
  return { starts, index, single };
}

/** One row per reader; the zero row where there is none. */
function singleRows({ starts, index }: Lists): Int32Array {
  return Int32Array.from({ length: starts.length - 1 }, (_, r) =>
    starts[r + 1]! > starts[r]! ? index[starts[r]!]! : 0,
  );
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
