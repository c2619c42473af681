import { type Equation, producersOf, Trace, usesOf, type Var } from "../autodiff/index.js";
import type { Op, Scope } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import type { Context } from "./context.js";
import { memoryOf } from "./memory.js";

/** Where a result of the cell is written: to a slot of a state, to a slot of a message, or to an output. */
type Destination =
  | { readonly kind: "state"; readonly port: number; readonly slot: number }
  | { readonly kind: "message"; readonly slot: number }
  | { readonly kind: "output"; readonly index: number };

/** The cell after pass 2: an equation of its own computes each result, and each result has a destination. */
export interface PlacedResults extends Context {
  readonly producer: ReadonlyMap<Value, Equation>;
  readonly uses: ReadonlyMap<Value, readonly Equation[]>;
  readonly destinations: ReadonlyMap<Value, Destination>;
  /** Outputs that equal a state. They are read from the memory of the state and have none of their own. */
  readonly shared: ReadonlyMap<number, StateOutput>;
}

/** An output that is a slot of the state that leaves by a port, or arrives at one. */
export interface StateOutput {
  readonly port: number;
  readonly slot: number;
  readonly arriving: boolean;
}

/** The identity as a map: it copies a value that has two destinations. */
const copyOp: Op = {
  name: "copy",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  jvp: (_, [t]) => [t],
  lowering: { kind: "map", emit: (_, [a]) => a!, elementwise: true },
  cheap: true,
  samples: [],
};

/**
 * Pass 2 places results: it gives each result one destination. It adds an equation that copies the value in three cases: the value has
 * several destinations, it is an operand of the cell, or its scope is not that of the destination. An output that equals a new state
 * is not copied; it is read from the state. Nor is one that equals the state before, where those of all nodes lie side by side.
 */
export function placeResults(context: Context): PlacedResults {
  const { cell, structure } = context;
  const producer = producersOf(cell.equations);
  const trace = new Trace(1);
  const copies: Equation[] = [];
  const early: { before: Equation; copy: Equation }[] = [];
  const destinations = new Map<Value, Destination>();
  const shared = new Map<number, StateOutput>();
  const giveDestination = (v: Value, destination: Destination, scope: Scope): Value => {
    const { root } = memoryOf(v, producer);
    const own = producer.has(v) && root === v && (v as Var).scope === scope && !destinations.has(v);
    if (own) {
      destinations.set(v, destination);
      return v;
    }
    const copy = trace.variable(v, scope);
    copies.push({ op: copyOp, attrs: {}, inputs: [v], outputs: [copy] });
    destinations.set(copy, destination);
    return copy;
  };
  const original = cell.stateOut;
  const stateOut = cell.stateOut.map((port, p) =>
    port.map((v, slot) => giveDestination(v, { kind: "state", port: p, slot }, "node")),
  );
  const edge = cell.edge && {
    ...cell.edge,
    message: cell.edge.message.map((v, slot) => giveDestination(v, { kind: "message", slot }, "edge")),
  };
  // A sum over some of the rows reads them in the order of memory. States are read through a table, so they are copied first.
  const asTheyLie = new Set<Value>(cell.values.map((v) => v.variable));
  const equations = cell.equations.map((eq) => {
    const v = eq.inputs[0]!;
    if (eq.op.lowering.kind !== "sum" || eq.attrs.to === "one") return eq;
    const { root } = memoryOf(v, producer);
    if (asTheyLie.has(root) && v === root) return eq;
    if (producer.has(root) && !destinations.has(root)) return eq;
    const copy = trace.variable(v, (v as Var).scope);
    early.push({ before: eq, copy: { op: copyOp, attrs: {}, inputs: [v], outputs: [copy] } });
    return { ...eq, inputs: [copy, ...eq.inputs.slice(1)] };
  });
  const outputs = cell.outputs.map((o, index) => {
    if (o.scope === "node") {
      for (const [port, slots] of original.entries()) {
        const slot = slots.indexOf(o.value);
        if (slot >= 0) {
          shared.set(index, { port, slot, arriving: false });
          return { ...o, value: stateOut[port]![slot]! };
        }
      }
      for (const [port, slots] of cell.stateIn.entries()) {
        const slot = slots.indexOf(o.value as Var);
        if (slot >= 0 && structure.arrivals[port] === "shifted") {
          shared.set(index, { port, slot, arriving: true });
          return o;
        }
      }
    }
    return { ...o, value: giveDestination(o.value, { kind: "output", index }, o.scope) };
  });
  const ordered = equations.flatMap((eq, i) => [
    ...early.filter((e) => e.before === cell.equations[i]).map((e) => e.copy),
    eq,
  ]);
  const placed = [...ordered, ...copies];
  return {
    ...context,
    cell: { ...cell, equations: placed, stateOut, edge, outputs },
    producer: producersOf(placed),
    uses: usesOf(placed),
    destinations,
    shared,
  };
}
