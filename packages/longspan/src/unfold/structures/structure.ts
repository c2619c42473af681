import { check, checkSettings, count, listOf, size, text } from "../../check/index.js";
import { add, gather, indexSum } from "../../ops/index.js";
import { formatShape, fromArray, ShapeError, type Tensor, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { crosses } from "./crosses.js";
import { type Reads, readsOf } from "./reads.js";
import { reversedParts } from "./reversed-parts.js";
import { layOutSets, type Pairs, pairsOf, type SetParts, setsKind } from "./sets.js";
import { StructureError } from "./structure-error.js";
import { partKinds, type StructureParts, verifyParts, zeroState } from "./structure-parts.js";

export { type Edges, type Endpoint, type StructureParts, zeroState } from "./structure-parts.js";
export { StructureError };

/** The sets of a structure, by name: the number of members per sequence, or the structure whose nodes are the members. */
export type SetSizes = Readonly<Record<string, readonly number[] | Structure>>;

/**
 * Which node reads which node's state. A batch of sequences or trees of different sizes is one structure; nothing is
 * padded. Made by `chain`, `grid`, `trees` and `graph`.
 *
 * Rows: values at nodes are tensors [nodes, ...features] in the structure's row order. `pack` brings data laid one sequence
 * after the other into that order, `unpack` back.
 * @example
 * const structure = chain([1, 2]); // rows: step 1 of sequence 1, step 1 of sequence 0, step 2 of sequence 1
 * structure.pack(tensor([10, 20, 21])) // [20, 10, 21]
 */
export class Structure {
  private readonly derived = new Map<string, Structure>();
  private inverse: Int32Array | null = null;
  private allReads: Reads | null = null;

  /** @throws StructureError if the parts break the rules of `StructureParts`. */
  constructor(readonly parts: StructureParts) {
    checkSettings("Structure", parts, partKinds);
    verifyParts(parts);
  }

  /** Nodes over all sequences: the number of cell steps. */
  get nodes(): number {
    return this.parts.nodes;
  }

  /** Sequences, trees or graphs in the batch. */
  get sequences(): number {
    return this.parts.sequences;
  }

  /** Levels of nodes that run one after the other: the length of the longest sequence, the height of the tallest tree. */
  get levels(): number {
    return this.parts.levelBegin.length;
  }

  /** The sets that sequences carry. */
  get sets(): readonly SetParts[] {
    return this.parts.sets ?? [];
  }

  /**
   * What the nodes read, edge by edge: values per read, such as `probes.reads` and `pullback` of an unfold, have a row for each. In a
   * chain every node reads once, so they are values per node.
   * @example trees([{ children: [[1, 2], [], []] }]).reads.node // Int32Array [ 2, 2 ]: the root, in the last row, reads twice
   */
  get reads(): Reads {
    this.allReads ??= readsOf(this.parts);
    return this.allReads;
  }

  /** [nodes, ...] laid sequence after sequence -> rows of this structure. Differentiable. */
  pack(concatenated: Value): Value {
    this.checkRows(concatenated, "pack");
    return gather(concatenated, indexTensor(this.parts.order));
  }

  /** Rows of this structure -> laid sequence after sequence. Differentiable. */
  unpack(rows: Value): Value {
    this.checkRows(rows, "unpack");
    if (this.inverse === null) {
      this.inverse = new Int32Array(this.nodes);
      this.parts.order.forEach((position, row) => {
        this.inverse![position] = row;
      });
    }
    return gather(rows, indexTensor(this.inverse));
  }

  /**
   * Edges that lead to nodes: those of the graphs or trees, and in a chain one for each step, that of the first from the initial state.
   * Values per edge have a row each.
   */
  get edges(): number {
    const { to } = this.parts.edges;
    return to.reduce((n, t) => (t >= 0 ? n + 1 : n), 0);
  }

  /**
   * [edges, ...] in the order in which the edges were given -> rows of the structure's edges. They are given graph after graph, in each as
   * its `edges` list them; tree after tree, in each the children of node 0 from left to right, then those of node 1; in a chain, sequence
   * after sequence, step by step. Differentiable.
   * @throws ShapeError for another number of rows
   * @example
   * const triangle = { nodes: 3, edges: [{ from: 1, to: 2 }, { from: 0, to: 1 }, { from: 0, to: 2 }] };
   * graph([triangle]).packEdges(tensor([10, 20, 30])) // [20, 10, 30]: the edges into node 1, then those into node 2
   */
  packEdges(concatenated: Value): Value {
    this.checkRows(concatenated, "packEdges");
    const { edgeOrder } = this.parts;
    return edgeOrder ? gather(concatenated, indexTensor(edgeOrder)) : concatenated;
  }

  /** Rows of the structure's edges -> the order in which the edges were given. Differentiable. */
  unpackEdges(rows: Value): Value {
    this.checkRows(rows, "unpackEdges");
    const { edgeOrder } = this.parts;
    if (!edgeOrder) return rows;
    const inverse = new Int32Array(edgeOrder.length);
    edgeOrder.forEach((position, row) => {
      inverse[position] = row;
    });
    return gather(rows, indexTensor(inverse));
  }

  /**
   * [nodes, ...] -> [sequences, ...]: the rows of each sequence (or tree) added up; zeros for one of length 0. Differentiable.
   */
  sumPerSequence(rows: Value): Value {
    this.checkRows(rows, "sumPerSequence");
    return indexSum(rows, indexTensor(this.parts.sequenceOf), this.sequences);
  }

  /** Nodes of each sequence. */
  nodesPerSequence(): number[] {
    const sizes = new Array<number>(this.sequences).fill(0);
    for (const s of this.parts.sequenceOf) sizes[s]! += 1;
    return sizes;
  }

  /** The rows of the nodes of one sequence, in the order in which they were given. */
  rowsOf(sequence: number): number[] {
    check("Structure.rowsOf", "sequence", sequence, count);
    const rows: number[] = [];
    for (let r = 0; r < this.nodes; r++) if (this.parts.sequenceOf[r] === sequence) rows.push(r);
    return rows.sort((a, b) => this.parts.order[a]! - this.parts.order[b]!);
  }

  /** Every edge reversed: ports are exchanged, and so are sources and sinks; levels run backwards. The derivative runs over it. */
  transposed(): Structure {
    return this.derive("transposed", () => {
      const p = this.parts;
      const { from, fromPort, to, toPort } = p.edges;
      const { sourceSequence, sinkSequence, ...others } = p;
      const t = new Structure({
        ...others,
        ...(sinkSequence ? { sourceSequence: sinkSequence } : {}),
        ...(sourceSequence ? { sinkSequence: sourceSequence } : {}),
        sources: p.sinks,
        sinks: p.sources,
        edges: { from: to, fromPort: toPort, to: from, toPort: fromPort },
        levelBegin: p.levelBegin.slice().reverse(),
        levelEnd: p.levelEnd.slice().reverse(),
        inPorts: p.outPorts,
        outPorts: p.inPorts,
        pushes: !p.pushes,
      });
      t.derived.set("transposed", this);
      return t;
    });
  }

  /**
   * The structure that runs the other way over the same rows: where a node read another, that one reads it, by the port of the same name.
   * Initial states enter where final ones left, and the other way round. Of a chain it is the one from its last step to its first; over a
   * tree it runs from the root, which reads the initial state, down to the leaves.
   *
   * @throws StructureError where two nodes read one initial state, which would be one final state of both: grids begin at another corner
   * by `from`, and chains with delays have `reverse`
   * @example trees([{ children: [[1, 2], [], []] }]).reversed().levels // 2: the root, then its children
   */
  reversed(): Structure {
    return this.derive("reversed", () => {
      const other = new Structure(reversedParts(this.parts));
      other.derived.set("reversed", this);
      return other;
    });
  }

  /** Where each node stands in its sequence, int32 [nodes]: what `context.position()` gives, and what draws depend on. */
  positions(): Value {
    const { positions, start } = this.parts;
    return start ? add(indexTensor(positions), start) : indexTensor(positions);
  }

  /**
   * The structure whose sequences begin at a later step: positions count on from there, and with them what cells draw. What goes on with
   * a sequence from its states then draws as the whole sequence does.
   * @param step int32 []
   * @example chain([2, 3]).startingAt(tensor(10, "int32")).positions() // [10, 10, 11, 11, 12]
   */
  startingAt(step: Value): Structure {
    check("Structure.startingAt", "step", step, valueKind);
    if (step.rank > 0 || step.dtype !== "int32")
      throw new ShapeError(
        `Structure.startingAt: the step is one integer, int32 [], got ${step.dtype} ${formatShape(step.shape)}`,
      );
    return new Structure({ ...this.parts, start: step });
  }

  /**
   * The structure whose sequences each carry sets that a cell can read: what attention, pointers and memories look at. A set has any
   * number of members per sequence, none included; nothing is padded.
   *
   * Values per member have a row each: those of the first sequence's set, then those of the second's. Where a set is given as a structure,
   * its members are that structure's nodes, and values per member have that structure's rows.
   *
   * @param sets by name: the number of members per sequence, or a structure with as many sequences. At most four sets
   * @throws StructureError for sizes that do not fit the sequences
   * @example
   * const sources = chain([3, 1]);
   * const targets = chain([2, 4]).withSets({ source: sources });
   * targets.pairs("source").node.length // 10: 2 nodes with 3 members each, 4 nodes with 1
   */
  withSets(sets: SetSizes): Structure {
    check("Structure.withSets", "sets", sets, setsKind);
    const named = Object.entries(sets).map(([name, of]) =>
      of instanceof Structure
        ? { name, sizes: of.nodesPerSequence(), arrange: (rows: Value) => of.unpack(rows) }
        : { name, sizes: of, arrange: null },
    );
    return new Structure({ ...this.parts, sets: layOutSets("Structure.withSets", named, this.sequences) });
  }

  /**
   * The pairs of a node and a member of its own sequence's set: values per pair, such as weights of attention, have a row for each. Those
   * of a node lie side by side, from `begin[node]` to `begin[node + 1]`.
   * @throws StructureError if there is no such set
   */
  pairs(set: string): Pairs {
    check("Structure.pairs", "set", set, text);
    return pairsOf(this.set(set), this.parts.sequenceOf);
  }

  /** A set by name. @throws StructureError if there is none */
  set(name: string): SetParts {
    check("Structure.set", "name", name, text);
    const found = this.sets.find((s) => s.name === name);
    if (found) return found;
    const has = this.sets.map((s) => s.name).join(", ");
    throw new StructureError(
      `Structure.set: the structure carries no set "${name}" (it carries: ${has === "" ? "none" : has}); add it with withSets({ ${name}: sizes })`,
    );
  }

  /** The structure with these sets alone, in this order. @throws StructureError if one is missing */
  onlySets(names: readonly string[]): Structure {
    check("Structure.onlySets", "names", names, listOf(text, "a list of names"));
    const same = names.length === this.sets.length && names.every((n, i) => n === this.sets[i]!.name);
    if (same) return this;
    return this.derive(`sets ${names.join()}`, () => {
      return new Structure({ ...this.parts, sets: names.map((n) => this.set(n)) });
    });
  }

  /**
   * The structure in which reads that cross a multiple of `every` steps on a sequence's own clock bring zeros: in a chain those of steps
   * every, 2 every, ... and with delays all that go from before such a step to it or beyond. Reads of initial states stay.
   * @throws StructureError where there is no clock: in trees, and in graphs that are given none
   */
  truncated(every: number): Structure {
    check("Structure.truncated", "every", every, size);
    return this.derive(`truncated${every}`, () => {
      const clock = this.checkClock();
      const { edges } = this.parts;
      const from = edges.from.map((f, e) => (crosses(clock, f, edges.to[e]!, every) ? zeroState : f));
      return new Structure({ ...this.parts, edges: { ...edges, from } });
    });
  }

  /** The clock. @throws StructureError where there is none */
  checkClock(): Int32Array {
    const { clock } = this.parts;
    if (clock === null)
      throw new StructureError(
        "truncated back-propagation counts steps, and this structure has no clock: chains and grids have one, and graphs that are given one; trees have none",
      );
    return clock;
  }

  private derive(name: string, make: () => Structure): Structure {
    let s = this.derived.get(name);
    if (!s) {
      s = make();
      this.derived.set(name, s);
    }
    return s;
  }

  private checkRows(v: Value, what: string): void {
    check(`Structure.${what}`, what.startsWith("pack") ? "concatenated" : "rows", v, valueKind);
    const [many, of] = what.endsWith("Edges") ? [this.edges, "edges"] : [this.nodes, "nodes"];
    if (v.shape[0] !== many)
      throw new ShapeError(
        `Structure.${what}: the leading axis has ${v.shape[0] ?? "no"} rows, the structure has ${many} ${of}`,
      );
  }
}

/**
 * Row numbers as a tensor.
 * @example indexTensor(Int32Array.of(2, 0)) // [2, 0], int32
 */
export function indexTensor(index: Int32Array): Tensor {
  return fromArray(index, [index.length], "int32");
}
