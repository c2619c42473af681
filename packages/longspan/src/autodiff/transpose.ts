import { addLinear, apply, applyAll, isWithin, type Linear, spreadToOp, sumToOp } from "../ops/index.js";
import { type Shape, sameShape, type Value } from "../tensor/index.js";
import { dependents } from "./equations.js";
import { type Equation, type LinearGraph, Var } from "./trace.js";

/** A transpose rule that gave a cotangent of the wrong shape: a defect of an op record. */
export class DerivativeError extends Error {
  override name = "DerivativeError";
}

/**
 * The transpose of a recorded linear function: cotangents of its inputs from cotangents of its outputs. `heldValue` gives
 * the values of variables that are held fixed. Where a value is shared by more rows than its cotangent, the cotangent is
 * summed over them.
 */
export function transposeGraph(
  graph: LinearGraph,
  cotangents: readonly Linear[],
  heldValue: (v: Value) => Value = (v) => v,
): Linear[] {
  const linear = dependents(graph.equations, graph.inputs);
  const sums = new Map<Value, Linear>();
  const add = (target: Value, ct: Linear, what: string) => {
    if (ct === undefined) return;
    if (!sameShape(ct.shape, target.shape)) throw new DerivativeError(mismatch(what, ct.shape, target.shape));
    sums.set(target, addLinear(sums.get(target), atScope(ct, target)));
  };
  graph.outputs.forEach((v, i) => {
    if (v !== undefined && linear.has(v)) add(v, cotangents[i], "output");
  });
  for (let i = graph.equations.length - 1; i >= 0; i--) {
    const eq = graph.equations[i]!;
    const cts = eq.outputs.map((v) => sums.get(v));
    if (cts.every((c) => c === undefined)) continue;
    const flags = eq.inputs.map((v) => linear.has(v));
    const contributions = transposeEquation(eq, cts, flags, heldValue);
    eq.inputs.forEach((v, j) => {
      if (flags[j]) add(v, contributions[j], eq.op.name);
    });
    for (const v of eq.outputs) sums.delete(v);
  }
  return graph.inputs.map((v) => sums.get(v));
}

function transposeEquation(
  eq: Equation,
  cts: readonly Linear[],
  linear: readonly boolean[],
  heldValue: (v: Value) => Value,
): readonly Linear[] {
  // Spread over rows in which it differs already, a value is what it was.
  if (eq.op === spreadToOp && (eq.inputs[0] as Var).scope === eq.attrs.to) return cts;
  if (!eq.op.transpose)
    throw new DerivativeError(`${eq.op.name} appears in a linear function but has no transpose`);
  const inputs = eq.inputs.map((v, j) => (linear[j] ? v : heldValue(v)));
  return eq.op.transpose({ attrs: eq.attrs, inputs, linear, outputs: eq.outputs }, cts);
}

/** Sums a cotangent over the rows that share its target, or gives each of the target's rows the same. */
function atScope(ct: Value, target: Value): Value {
  if (!(ct instanceof Var) || !(target instanceof Var) || ct.scope === target.scope) return ct;
  const op = isWithin(ct.scope, target.scope) ? sumToOp : spreadToOp;
  return apply(op, { from: ct.scope, to: target.scope }, ct);
}

function mismatch(what: string, got: Shape, expected: Shape): string {
  return `the transpose of ${what} gave a cotangent [${got}] for a value [${expected}]`;
}

/** Applies the equations to values: a recorded function as a function. */
export function evaluate(equations: readonly Equation[], env: Map<Value, Value>): void {
  for (const eq of equations) {
    const outputs = applyAll(
      eq.op,
      eq.attrs,
      eq.inputs.map((v) => env.get(v) ?? v),
    );
    eq.outputs.forEach((v, i) => {
      env.set(v, outputs[i]!);
    });
  }
}
