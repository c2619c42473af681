import { type Equation, producersOf, Trace, usesOf, type Var } from "../autodiff/index.js";
import type { Op, Scope } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import type { Context } from "./context.js";
import { memoryOf } from "./memory.js";

/** Where a result goes. */
type Home =
  | { readonly kind: "state"; readonly port: number; readonly slot: number }
  | { readonly kind: "message"; readonly slot: number }
  | { readonly kind: "output"; readonly index: number };

/** A cell in which every result is computed by an equation of its own, and where those results go. */
export interface PlacedResults extends Context {
  readonly producer: ReadonlyMap<Value, Equation>;
  readonly uses: ReadonlyMap<Value, readonly Equation[]>;
  readonly homes: ReadonlyMap<Value, Home>;
  /** Outputs that are the node rows of a state and need no memory of their own. */
  readonly shared: ReadonlyMap<number, { readonly port: number; readonly slot: number }>;
}

/** The identity as a map: for results that are wanted in two places. */
const copyOp: Op = {
  name: "copy",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  jvp: (_, [t]) => [t],
  lowering: { kind: "map", emit: (_, [a]) => a!, elementwise: true },
  cheap: true,
  samples: [],
};

/**
 * Pass 2, place results: gives every result one home. A value that is wanted in several places, that is an operand passed through, or
 * that changes scope on the way out is copied by an equation of its own; an output that is also a new state is read from the state.
 */
export function placeResults(context: Context): PlacedResults {
  const { cell } = context;
  const producer = producersOf(cell.equations);
  const trace = new Trace(1);
  const copies: Equation[] = [];
  const early: { before: Equation; copy: Equation }[] = [];
  const homes = new Map<Value, Home>();
  const shared = new Map<number, { port: number; slot: number }>();
  const place = (v: Value, home: Home, scope: Scope): Value => {
    const { root } = memoryOf(v, producer);
    const own = producer.has(v) && root === v && (v as Var).scope === scope && !homes.has(v);
    if (own) {
      homes.set(v, home);
      return v;
    }
    const copy = trace.variable(v, scope);
    copies.push({ op: copyOp, attrs: {}, inputs: [v], outputs: [copy] });
    homes.set(copy, home);
    return copy;
  };
  const original = cell.stateOut;
  const stateOut = cell.stateOut.map((port, p) =>
    port.map((v, slot) => place(v, { kind: "state", port: p, slot }, "node")),
  );
  const edge = cell.edge && {
    ...cell.edge,
    message: cell.edge.message.map((v, slot) => place(v, { kind: "message", slot }, "edge")),
  };
  // A sum over some of the rows reads them as they lie: states, which are read through a table, are copied for it.
  const equations = cell.equations.map((eq) => {
    const v = eq.inputs[0]!;
    if (eq.op.lowering.kind !== "sum" || eq.attrs.to === "one") return eq;
    const { root } = memoryOf(v, producer);
    if (producer.has(root) && !homes.has(root)) return eq;
    const copy = trace.variable(v, (v as Var).scope);
    early.push({ before: eq, copy: { op: copyOp, attrs: {}, inputs: [v], outputs: [copy] } });
    return { ...eq, inputs: [copy] };
  });
  const outputs = cell.outputs.map((o, index) => {
    if (o.scope === "node") {
      for (const [port, slots] of original.entries()) {
        const slot = slots.indexOf(o.value);
        if (slot >= 0) {
          shared.set(index, { port, slot });
          return { ...o, value: stateOut[port]![slot]! };
        }
      }
    }
    return { ...o, value: place(o.value, { kind: "output", index }, o.scope) };
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
    homes,
    shared,
  };
}
