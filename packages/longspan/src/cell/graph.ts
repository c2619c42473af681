import type { Equation, Var } from "../autodiff/index.js";
import type { Scope } from "../ops/index.js";
import type { DType, Shape, Value } from "../tensor/index.js";

/** One named part of a state, such as the `h` or the `s` of an LSTM. Any feature rank. */
export interface Slot {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A way into or out of a cell. Edges of a structure join an out-port to an in-port. All ports of one direction have the same slots. */
export interface Port {
  readonly name: string;
  readonly slots: readonly Slot[];
}

/** A named operand of a cell that does not come along edges, with the rows that share it. */
export interface CellValue {
  readonly name: string;
  readonly variable: Var;
}

/** A named result. */
export interface CellOutput {
  readonly name: string;
  readonly value: Value;
  readonly scope: Scope;
}

/**
 * The step that runs over edges: from the state at an edge's source to the message that its target reads.
 * `pull`: a level's edges run before its nodes, reading states of earlier levels. `push`: they run after the nodes that
 * they start from. Transposing turns one into the other.
 */
export interface EdgeStep {
  readonly when: "pull" | "push";
  /** The source's out-port slots, read at the edge. */
  readonly state: readonly Var[];
  /** The target's in-port slots; none where nodes reduce what differs per edge themselves, or, where messages are pushed, hand it on so. */
  readonly message: readonly Value[];
}

/**
 * A traced cell: equations over the features of one node. It knows no batch, time, padding or device. Values have scopes
 * (one for all, one per sequence, node or edge); the sum of a port over its edges is what `stateIn` holds.
 */
export interface CellGraph {
  readonly name: string;
  readonly inPorts: readonly Port[];
  readonly outPorts: readonly Port[];
  /** Slots that sources (initial states) bring and that sinks (final states) take. */
  readonly sourceSlots: readonly Slot[];
  readonly sinkSlots: readonly Slot[];
  readonly values: readonly CellValue[];
  readonly stateIn: readonly (readonly Var[])[];
  readonly edge: EdgeStep | null;
  readonly equations: readonly Equation[];
  readonly stateOut: readonly (readonly Value[])[];
  readonly outputs: readonly CellOutput[];
}

/**
 * Every value that leaves a cell.
 * @example roots(lstm({ input: 3, hidden: 4 }).trace("float32").graph).length // 3: the output, the new h and s
 */
export function roots(cell: CellGraph): Value[] {
  return [...cell.outputs.map((o) => o.value), ...cell.stateOut.flat(), ...(cell.edge?.message ?? [])];
}

/**
 * Every value that a cell uses: operands of its equations, and what leaves it.
 * @example usedValues(lstm({ input: 3, hidden: 4 }).trace("float32").graph).size // 23
 */
export function usedValues(cell: CellGraph): Set<Value> {
  return new Set([...cell.equations.flatMap((eq) => eq.inputs), ...roots(cell)]);
}

/**
 * The slots of the state that leaves a node: all out-ports have the same.
 * @example outSlots(lstm({ input: 3, hidden: 4 }).trace("float32").graph).map((slot) => slot.name) // [ "h", "s" ]
 */
export function outSlots({ outPorts }: Pick<CellGraph, "outPorts">): readonly Slot[] {
  return outPorts[0]?.slots ?? [];
}

/**
 * The slots of the state that arrives at a node: all in-ports have the same.
 * @example inSlots(lstm({ input: 3, hidden: 4 }).trace("float32").graph).map((slot) => slot.name) // [ "h", "s" ]
 */
export function inSlots({ inPorts }: Pick<CellGraph, "inPorts">): readonly Slot[] {
  return inPorts[0]?.slots ?? [];
}

/**
 * Every variable that enters a cell.
 * @example entries(lstm({ input: 3, hidden: 4 }).trace("float32").graph).length // 6: U, W, b, x, the old h and s
 */
export function entries(cell: CellGraph): Var[] {
  return [...cell.values.map((v) => v.variable), ...cell.stateIn.flat(), ...(cell.edge?.state ?? [])];
}

/**
 * Whether nodes read the states at the other ends of their edges edge by edge, with reductions of their own, and not as one sum.
 * @example readsAtEdges(lstm({ input: 3, hidden: 4 }).trace("float32").graph) // false
 */
export function readsAtEdges({ edge }: CellGraph): boolean {
  return edge?.when === "pull" && edge.message.length === 0;
}
