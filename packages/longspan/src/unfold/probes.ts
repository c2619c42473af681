import { evaluate, producersOf, type Var } from "../autodiff/index.js";
import {
  type CellGraph,
  outSlots,
  reenter,
  type Shapes,
  simplify,
  substitute,
  type ValuesOf,
} from "../cell/index.js";
import { add, applyAll, type Scope, stopGradient, withAmbient } from "../ops/index.js";
import type { Value } from "../tensor/index.js";

/**
 * Values that are added to the states, zeros as a rule: their gradients show what flows through the recurrence.
 */
export interface Probes<S extends Shapes> {
  /**
   * [nodes, ...slot], added to a new state where it is written: the gradient is dL/dh(t), by every path (10.20, 10.21). The slots are coordinates of
   * one state: that of an LSTM's s(t) is taken at fixed h(t), so that (dL/dh(t), dL/ds(t)) times the step's Jacobian is what flows
   * back to step t - 1.
   */
  readonly writes?: Partial<ValuesOf<S>>;
  /**
   * [reads, ...slot], one row for each edge into a node (`structure.reads`; in a chain, one per node), added to a state where it is read,
   * before an edge step: the gradient is what flows back along that edge alone, to the state at its source; in a chain, to h(t-1).
   */
  readonly reads?: Partial<ValuesOf<S>>;
  /**
   * [nodes, ...slot], added to a new state where the step forms it, so that all that the step makes of it sees it, the other slots too: the
   * gradient is that with respect to the value itself, such as the weights that a memory is read with, by every path.
   */
  readonly formed?: Partial<ValuesOf<S>>;
  /** Slots whose new values are constants to derivatives where the step forms them: no gradient goes back into how they were formed. */
  readonly held?: readonly (keyof S & string)[];
  /**
   * Whether derivatives go from the old state to the new one by its direct paths alone: additions, and products element by element with what
   * is held, such as s(t-1) times the forget gate of an LSTM. False by default.
   */
  readonly direct?: boolean;
}

/** Which slots are probed, in the order in which the probes join the cell's values. */
export interface ProbedSlots {
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  readonly formed: readonly string[];
  readonly held: readonly string[];
  readonly direct: boolean;
}

/**
 * The cell with probes at the named slots: one more value per node for each write; for each read one more per edge where the cell has an
 * edge step, else one per node and port, in the order of ports; one per node for each that is probed where it is formed.
 */
export function withProbes(graph: CellGraph, slots: ProbedSlots): CellGraph {
  const { trace, env, cell } = reenter(graph);
  const values = [...cell.values];
  const probe = (name: string, like: Value, scope: Scope): Value => {
    const variable = trace.variable(like, scope);
    values.push({ name, variable });
    return variable;
  };
  const plus = (v: Value, p: Value) => trace.process(add.op, {}, [v, p])[0]!;

  const writes = new Map<Value, Value>();
  graph.outPorts[0]?.slots.forEach((slot, s) => {
    const v = graph.stateOut[0]![s]!;
    if (slots.writes.includes(slot.name)) writes.set(v, probe(`probe.write.${slot.name}`, v, "node"));
  });
  const at = (reads: readonly Var[], own: readonly Var[], where: string) => {
    outSlots(graph).forEach(({ name }, s) => {
      const [read, entered] = [reads[s]!, own[s]!];
      if (slots.reads.includes(name))
        env.set(read, plus(entered, probe(`probe.read.${where}${name}`, read, read.scope)));
    });
  };
  if (graph.edge) at(graph.edge.state, cell.edge!.state, "");
  else
    graph.stateIn.forEach((reads, q) => {
      at(reads, cell.stateIn[q]!, graph.inPorts.length > 1 ? `${graph.inPorts[q]!.name}.` : "");
    });
  const made = producersOf(graph.equations);
  const formed = new Map<Value, Value[]>();
  graph.outPorts[0]?.slots.forEach((slot, s) => {
    const v = graph.stateOut[0]![s]!;
    if (!slots.formed.includes(slot.name)) return;
    const added = probe(`probe.formed.${slot.name}`, v, "node");
    // What the step hands on as it was read is formed where it is written.
    if (made.has(v)) formed.set(v, [...(formed.get(v) ?? []), added]);
    else writes.set(v, writes.has(v) ? plus(writes.get(v)!, added) : added);
  });
  const written = new Map<Value, Value>();
  withAmbient(trace, () => {
    evaluateWith(graph, env, (v, value) => (formed.get(v) ?? []).reduce(plus, value));
    for (const [v, added] of writes) written.set(v, plus(env.get(v) ?? v, added));
    moveOutputs(graph, env, written);
  });
  return simplify(substitute({ ...cell, values }, trace.equations, (v) => written.get(v) ?? env.get(v) ?? v));
}

/** The cell with the new values of the named slots held: the step goes on with them as constants. */
export function withHeld(graph: CellGraph, held: readonly string[]): CellGraph {
  const { trace, env, cell } = reenter(graph);
  const values = new Set(graph.stateOut[0]!.filter((_, s) => held.includes(outSlots(graph)[s]!.name)));
  withAmbient(trace, () => {
    evaluateWith(graph, env, (v, value) => (values.has(v) ? stopGradient(value) : value));
  });
  return simplify(substitute(cell, trace.equations, (v) => env.get(v) ?? v));
}

/** Evaluates a cell's equations; `change` sees the new value of each slot where it is formed, and the step goes on with what it returns. */
function evaluateWith(
  graph: CellGraph,
  env: Map<Value, Value>,
  change: (v: Value, value: Value) => Value,
): void {
  const slots = new Set<Value>(graph.stateOut.flat());
  for (const eq of graph.equations) {
    evaluate([eq], env);
    for (const v of eq.outputs) if (slots.has(v)) env.set(v, change(v, env.get(v)!));
  }
}

/**
 * What follows in the step from a probed state sees it, but for the other slots' new values: the slots are coordinates of
 * one state, and moving one leaves the others where they are.
 */
function moveOutputs(graph: CellGraph, env: Map<Value, Value>, written: ReadonlyMap<Value, Value>): void {
  const slots = new Set<Value>(graph.stateOut.flat());
  const reads = new Set<Value>(graph.stateIn.flat());
  const moved = new Map<Value, Value>();
  for (const [v, probed] of written) if (!reads.has(v)) moved.set(v, probed);
  for (const eq of graph.equations) {
    if (!eq.inputs.some((v) => moved.has(v))) continue;
    const outputs = applyAll(
      eq.op,
      eq.attrs,
      eq.inputs.map((v) => moved.get(v) ?? env.get(v) ?? v),
    );
    eq.outputs.forEach((v, i) => {
      if (!slots.has(v)) moved.set(v, outputs[i]!);
    });
  }
  for (const [v, value] of moved) env.set(v, value);
}
