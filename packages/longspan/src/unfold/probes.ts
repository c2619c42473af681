import { evaluate } from "../autodiff/index.js";
import { type CellGraph, reenter, type Shapes, simplify, substitute, type ValuesOf } from "../cell/index.js";
import { addOp, withAmbient } from "../ops/index.js";
import type { Value } from "../tensor/index.js";

/**
 * Values that are added to the states at every node, zeros as a rule: their gradients show what flows through the
 * recurrence. Each is [nodes, ...slot].
 */
export interface Probes<S extends Shapes> {
  /** Added to a new state where it is written: the gradient is dL/dh(t), by every path (10.20, 10.21). */
  readonly writes?: Partial<ValuesOf<S>>;
  /** Added to a state where it is read: the gradient is what flows back through the recurrence alone, to h(t-1). */
  readonly reads?: Partial<ValuesOf<S>>;
}

/** Which slots are probed, in the order in which the probes join the cell's values. */
export interface ProbedSlots {
  readonly writes: readonly string[];
  readonly reads: readonly string[];
}

/** The cell with probes at the named slots: one more value per node for each. */
export function withProbes(graph: CellGraph, slots: ProbedSlots): CellGraph {
  const { trace, env, cell } = reenter(graph);
  const values = [...cell.values];
  const probe = (name: string, like: Value): Value => {
    const variable = trace.variable(like, "node");
    values.push({ name, variable });
    return variable;
  };
  const plus = (v: Value, p: Value) => trace.process(addOp, {}, [v, p])[0]!;

  const written = new Map<Value, Value>();
  graph.outPorts[0]?.slots.forEach((slot, s) => {
    const v = graph.stateOut[0]![s]!;
    if (slots.writes.includes(slot.name)) written.set(v, probe(`probe.write.${slot.name}`, v));
  });
  graph.inPorts[0]?.slots.forEach((slot, s) => {
    const read = graph.stateIn[0]![s]!;
    if (slots.reads.includes(slot.name))
      env.set(read, plus(cell.stateIn[0]![s]!, probe(`probe.read.${slot.name}`, read)));
  });
  withAmbient(trace, () => {
    for (const eq of graph.equations) {
      evaluate([eq], env);
      // All that follows in the step reads the probed state.
      for (const v of eq.outputs) if (written.has(v)) env.set(v, plus(env.get(v)!, written.get(v)!));
    }
    // A state that is handed on unchanged is probed where it leaves.
    for (const port of graph.stateOut)
      for (const v of port)
        if (written.has(v) && !graph.equations.some((eq) => eq.outputs.some((o) => o === v)))
          env.set(v, plus(env.get(v)!, written.get(v)!));
  });
  return simplify(substitute({ ...cell, values }, trace.equations, (v) => env.get(v) ?? v));
}
