import { type Linear, zerosLike } from "../ops/index.js";
import { ambient, leaves, mapTree, refill } from "../tensor/index.js";
import { DualLevel } from "./dual.js";
import { liveEquations } from "./equations.js";
import { type LinearGraph, Trace, type Var } from "./trace.js";

const depth = ambient(0);

/** Runs `f` one level of differentiation deeper. */
export function deeper<T>(f: (level: number) => T): T {
  const level = depth.present + 1;
  return depth.within(level, () => f(level));
}

/** How many differentiations deep the running code is. */
export function presentLevel(): number {
  return depth.present;
}

/** A function's value and its derivative as a recorded linear map. */
export interface Linearised<Y> {
  readonly value: Y;
  readonly graph: LinearGraph;
}

/** Runs a function at x and records its derivative as a linear map. */
export function record<X, Y>(f: (x: X) => Y, x: unknown): Linearised<Y> {
  return deeper((level) => {
    const duals = new DualLevel(level);
    const trace = new Trace(level);
    const inputs: Var[] = [];
    const lifted = leaves(x).map((v) => {
      if (v.dtype === "int32") return v;
      const t = trace.variable(v);
      inputs.push(t);
      return duals.lift(v, t);
    });
    const out = f(refill(x, lifted) as X);
    const outputs: Linear[] = leaves(out).map((v) => duals.tangent(v));
    return {
      value: mapTree(out, (v) => duals.primal(v)),
      graph: { inputs, equations: trace.equations, outputs },
    };
  });
}

/** The graph without the equations that its outputs do not depend on. */
export function needed(graph: LinearGraph): LinearGraph {
  const wanted = graph.outputs.filter((v) => v !== undefined);
  return { ...graph, equations: liveEquations(graph.equations, wanted) };
}

/** Puts the derivatives of the float leaves back into the tree's form; integer leaves get zeros. */
export function spreadOver(tree: unknown, values: readonly Linear[]): unknown {
  let i = 0;
  return mapTree(tree, (v) => (v.dtype === "int32" ? zerosLike(v) : (values[i++] ?? zerosLike(v))));
}
