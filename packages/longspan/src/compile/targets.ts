import { type Equation, producersOf, Trace, type Var } from "../autodiff/index.js";
import type { CellGraph } from "../cell/index.js";
import type { Scope } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import { resolve } from "./resolve.js";
import { copyOp, type Target } from "./work.js";

/** A cell in which every result is computed by an equation of its own, and where those results go. */
export interface Placements {
  readonly cell: CellGraph;
  readonly targets: ReadonlyMap<Value, Target>;
  /** Outputs that are the node rows of a state and need no memory of their own. */
  readonly shared: ReadonlyMap<number, { readonly port: number; readonly slot: number }>;
}

/**
 * Gives every result one home. A value that is wanted in several places, that is an operand passed through, or that changes
 * scope on the way out is copied by an equation of its own; an output that is also a new state is read from the state.
 */
export function placeResults(cell: CellGraph): Placements {
  const producer = producersOf(cell.equations);
  const trace = new Trace(1);
  const copies: Equation[] = [];
  const early: { before: Equation; copy: Equation }[] = [];
  const targets = new Map<Value, Target>();
  const shared = new Map<number, { port: number; slot: number }>();
  const place = (v: Value, target: Target, scope: Scope): Value => {
    const { root } = resolve(v, producer);
    const own = producer.has(v) && root === v && (v as Var).scope === scope && !targets.has(v);
    if (own) {
      targets.set(v, target);
      return v;
    }
    const copy = trace.variable(v, scope);
    copies.push({ op: copyOp, attrs: {}, inputs: [v], outputs: [copy] });
    targets.set(copy, target);
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
    const { root } = resolve(v, producer);
    if (producer.has(root) && !targets.has(root)) return eq;
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
  return { cell: { ...cell, equations: [...ordered, ...copies], stateOut, edge, outputs }, targets, shared };
}
