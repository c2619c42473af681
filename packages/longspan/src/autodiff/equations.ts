import type { Value } from "../tensor/index.js";
import type { Equation } from "./trace.js";

/**
 * Per value, the equation that computes it. Values that enter from outside have none.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * producersOf(traced.equations).get(traced.stateOut[0]![0]!)!.op.name // "tanh"
 */
export function producersOf(equations: readonly Equation[]): Map<Value, Equation> {
  const producers = new Map<Value, Equation>();
  for (const eq of equations) for (const v of eq.outputs) producers.set(v, eq);
  return producers;
}

/**
 * Per value, the equations that read it, in their order. Values that no equation reads have no entry.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * usesOf(traced.equations).get(traced.stateIn[0]![0]!)!.map((eq) => eq.op.name) // ["matmul"]
 */
export function usesOf(equations: readonly Equation[]): Map<Value, Equation[]> {
  const uses = new Map<Value, Equation[]>();
  for (const eq of equations)
    for (const v of new Set(eq.inputs)) {
      const list = uses.get(v);
      if (list) list.push(eq);
      else uses.set(v, [eq]);
    }
  return uses;
}

/**
 * The values that depend on any of the sources, and the sources. So one finds which values are active in a derivative, or which values
 * the loop makes.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * dependents(traced.equations, traced.stateIn.flat()).has(traced.stateOut[0]![0]!) // true: the new state reads the old one
 */
export function dependents(equations: readonly Equation[], sources: Iterable<Value>): Set<Value> {
  const reached = new Set<Value>(sources);
  for (const eq of equations)
    if (eq.inputs.some((v) => reached.has(v))) for (const v of eq.outputs) reached.add(v);
  return reached;
}

/**
 * The values that any of the results depends on, and the results: the live values.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * dependencies(traced.equations, traced.stateOut.flat()).has(traced.stateIn[0]![0]!) // true: the new state reads the old one
 */
export function dependencies(equations: readonly Equation[], results: Iterable<Value>): Set<Value> {
  const reached = new Set<Value>(results);
  for (let i = equations.length - 1; i >= 0; i--) {
    const eq = equations[i]!;
    if (eq.outputs.some((v) => reached.has(v))) for (const v of eq.inputs) reached.add(v);
  }
  return reached;
}

/**
 * The equations that any of the wanted values depends on, in their order: the live ones.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * liveEquations(traced.equations, []).length // 0: nothing is wanted
 */
export function liveEquations(equations: readonly Equation[], wanted: Iterable<Value>): Equation[] {
  const live = dependencies(equations, wanted);
  return equations.filter((eq) => eq.outputs.some((v) => live.has(v)));
}
