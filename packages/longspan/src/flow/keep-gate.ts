import type { Var } from "../autodiff/index.js";
import type { Cell } from "../cell/index.js";
import type { Value } from "../tensor/index.js";
import { isActivation } from "../unfold/index.js";

/**
 * The gate by which a step multiplies what it keeps of a state, such as the forget gate of an LSTM and the update gate of a GRU: a
 * sigmoid times an old slot, among the terms of a new one; it may be in the edge step, a gate for each child. Its place among the activations of the step; null where there is none.
 */
export function keepGate(cell: Pick<Cell, "trace">): number | null {
  const { equations, stateIn, stateOut, edge } = cell.trace("float64").graph;
  const old = new Set<Value>(edge ? edge.state : stateIn.flat());
  const made = new Map<Value, (typeof equations)[number]>(
    equations.flatMap((eq) => eq.outputs.map((out) => [out, eq] as const)),
  );
  const terms: Value[] = [...stateOut.flat()];
  for (let term = terms.pop(); term !== undefined; term = terms.pop()) {
    // What arrives is the sum of what an edge step made.
    const message = edge?.message[stateIn.map((port) => port.indexOf(term as Var)).find((s) => s >= 0) ?? -1];
    if (message) terms.push(message);
    const eq = made.get(term);
    if (eq?.op.name === "add" || eq?.op.name === "sub") terms.push(...eq.inputs);
    if (eq?.op.name !== "mul") continue;
    const [a, b] = eq.inputs as [Value, Value];
    const gate = old.has(a) ? made.get(b) : old.has(b) ? made.get(a) : undefined;
    // That of a leaky unit is the same at all nodes, and no activation of them.
    if (gate?.op.name === "sigmoid" && isActivation(gate))
      return equations.filter(isActivation).indexOf(gate);
  }
  return null;
}
