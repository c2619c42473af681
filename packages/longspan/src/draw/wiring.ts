import type { CellGraph } from "../cell/index.js";
import { type Attrs, isWithin, type Op, type Scope } from "../ops/index.js";
import type { DType, Shape, Tensor, Value } from "../tensor/index.js";
import type { Structure } from "../unfold/index.js";

/** A value of a model, by number. The same cell in two layers has values of its own in each. */
export type Wire = number;

/**
 * An op between wires, or a way between the nodes of a structure: `sum` over a node's edges, the state that is the `last` of a sequence, the
 * `members` of a set.
 */
export interface Step {
  readonly op: Op | "sum" | "last" | "members";
  readonly attrs: Attrs;
  readonly inputs: readonly Wire[];
  readonly outputs: readonly Wire[];
}

/** Where a wire comes from that no step makes. */
export interface Entry {
  readonly kind: "input" | "weight" | "member" | "given" | "constant";
  readonly name: string;
}

/** A slot of a state: what a step leaves, and where the next one reads it. */
export interface Memory {
  readonly name: string;
  readonly next: Wire;
  readonly reads: readonly { readonly wire: Wire; readonly port: string }[];
  /** What sequences start from, where another part of the model says so. */
  readonly initial: Wire | null;
  /** What it is unfolded over, by number; 0 for a cell by itself. */
  readonly over: number;
}

/** What is known of a wire besides its number. */
export interface WireInfo {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether its first axis is that of rows: it stands outside of cells. */
  readonly isBatch?: boolean;
}

/** A model as its steps on wires: what the derivatives see too, before anything is drawn. */
export interface Wiring {
  readonly wires: readonly WireInfo[];
  readonly steps: readonly Step[];
  readonly entries: ReadonlyMap<Wire, Entry>;
  readonly memories: readonly Memory[];
  readonly results: readonly { readonly name: string; readonly wire: Wire }[];
  /** What is known of constants that stand outside of cells. */
  readonly constants: ReadonlyMap<Wire, Tensor>;
  /** Per wire: the structure that it has a row per node of, by number; null for one per sequence, or one for all. */
  readonly rows: readonly (number | null)[];
  /** The structures that its parts run over, in the order in which they occur. */
  readonly structures: readonly Structure[];
}

/** A wiring that is being put together. */
export class WiringBuilder {
  readonly wires: WireInfo[] = [];
  readonly rows: (number | null)[] = [];
  readonly steps: Step[] = [];
  readonly entries = new Map<Wire, Entry>();
  readonly constants = new Map<Wire, Tensor>();
  readonly memories: Memory[] = [];
  readonly results: { name: string; wire: Wire }[] = [];
  readonly structures: Structure[] = [];

  wire({ shape, dtype, isBatch = false }: WireInfo, rows: number | null): Wire {
    this.rows.push(rows);
    return this.wires.push({ shape, dtype, isBatch }) - 1;
  }

  entry(value: WireInfo, rows: number | null, entry: Entry): Wire {
    const wire = this.wire(value, rows);
    this.entries.set(wire, entry);
    return wire;
  }

  /** The number of a structure. */
  over(structure: Structure): number {
    const at = this.structures.indexOf(structure);
    return at >= 0 ? at : this.structures.push(structure) - 1;
  }

  /**
   * Adds the equations of a cell, its operands being the wires that are given. A step over edges is followed by the sum over a node's edges.
   *
   * @param place the number of the structure that it runs over, and that of the structure that has the same nodes and came first: a chain
   * and its reversal have the same ones
   * @returns the wires of its outputs and of its final states
   */
  cell(
    graph: CellGraph,
    operands: readonly Wire[],
    initials: readonly (Wire | null)[],
    { over, rows }: { readonly over: number; readonly rows: number },
  ): { readonly outputs: readonly Wire[]; readonly finals: readonly Wire[] } {
    const known = new Map<Value, Wire>();
    graph.values.forEach(({ variable }, i) => {
      if (!variable.scope.startsWith("member")) {
        known.set(variable, operands[i]!);
        return;
      }
      const wire = this.wire(variable, this.rows[operands[i]!]!);
      this.steps.push({ op: "members", attrs: {}, inputs: [operands[i]!], outputs: [wire] });
      known.set(variable, wire);
    });
    const enter = (value: Value & { readonly scope?: Scope }, from: readonly Wire[] = []): Wire => {
      let wire = known.get(value);
      if (wire === undefined) {
        const members = from.map((w) => this.rows[w]).find((r) => r !== null);
        wire = this.wire(value, rowsWithin(value.scope ?? "one", rows, members ?? null));
        known.set(value, wire);
      }
      return wire;
    };
    const reads: { wire: Wire; port: string }[][] = graph.sourceSlots.map(() => []);
    const { edge } = graph;
    edge?.state.forEach((v, s) => {
      reads[s]?.push({ wire: enter(v), port: graph.inPorts[0]!.name });
    });
    const summed: [Value, Value][] = [];
    graph.inPorts.forEach(({ name }, p) => {
      graph.stateIn[p]!.forEach((v, s) => {
        const message = edge?.message[s];
        const slot = message === undefined ? s : edge!.state.indexOf(message as never);
        if (message === undefined || slot >= 0) reads[slot]!.push({ wire: enter(v), port: name });
        else summed.push([message, v]);
      });
    });
    for (const { op, attrs, inputs, outputs } of graph.equations) {
      const read = inputs.map((v) => enter(v));
      this.steps.push({ op, attrs, inputs: read, outputs: outputs.map((v) => enter(v, read)) });
    }
    for (const [message, v] of summed)
      this.steps.push({ op: "sum", attrs: {}, inputs: [enter(message)], outputs: [enter(v)] });
    const finals = graph.sinkSlots.map((_, s) => enter(graph.stateOut[0]![s]!));
    graph.sourceSlots.forEach(({ name }, s) => {
      this.memories.push({ name, next: finals[s]!, reads: reads[s]!, initial: initials[s] ?? null, over });
    });
    return { outputs: graph.outputs.map(({ value }) => enter(value)), finals };
  }
}

/** What a value of a cell has a row of: a node of the structure that the cell runs over, or what the members of its set are. */
function rowsWithin(scope: Scope, rows: number, members: number | null): number | null {
  if (isWithin(scope, "node") || scope === "edge") return rows;
  return scope.startsWith("member") ? members : null;
}
