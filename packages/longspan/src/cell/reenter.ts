import { Trace, type Var } from "../autodiff/index.js";
import type { Value } from "../tensor/index.js";
import type { CellGraph } from "./graph.js";

/** A cell whose operands and states have entered a new trace; its equations are yet to be recorded there. */
export interface Reentered {
  readonly trace: Trace;
  /** From the old variables to the new ones. */
  readonly env: Map<Value, Value>;
  readonly cell: CellGraph;
}

/** Starts a rewrite of a cell: a new trace with the same operands and states. */
export function reenter(cell: CellGraph): Reentered {
  const trace = new Trace(1);
  const env = new Map<Value, Value>();
  const enter = (v: Var): Var => {
    const own = trace.variable(v, v.scope);
    env.set(v, own);
    return own;
  };
  return { trace, env, cell: withEntries(cell, enter) };
}

/** The cell with other variables in place of its operands and states. Its equations and results are left as they are. */
export function withEntries(cell: CellGraph, enter: (v: Var) => Var): CellGraph {
  return {
    ...cell,
    values: cell.values.map((v) => ({ ...v, variable: enter(v.variable) })),
    stateIn: cell.stateIn.map((port) => port.map(enter)),
    edge: cell.edge && { ...cell.edge, state: cell.edge.state.map(enter) },
  };
}
