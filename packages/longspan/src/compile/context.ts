import type { Equation, Var } from "../autodiff/index.js";
import type { CellGraph } from "../cell/index.js";

/** What a program depends on in a structure: how many states arrive at each port. It serves structures of any length and batch size. */
export interface StructureClass {
  /**
   * Per in-port: each node reads at most one row (`single`), the row that lies as many rows before its own as for every other node
   * (`shifted`), or the sum of any number of rows (`lists`).
   */
  readonly arrivals: readonly ("single" | "shifted" | "lists")[];
  readonly sinks: "single" | "lists";
}

/** The regions of a program, in the order in which they run. */
export const phases = ["before", "loop", "after"] as const;

/** A region of a program. */
export type Phase = (typeof phases)[number];

/** What is compiled. Each pass takes the result of the pass before it and adds to it. */
export interface Context {
  readonly cell: CellGraph;
  readonly structure: StructureClass;
  /** Per source slot: whether there is an initial state. */
  readonly initials: readonly boolean[];
  /** Per sink slot: whether the final state is a result. */
  readonly finals: readonly boolean[];
}

/** The only result of an equation inside a cell. */
export function result(eq: Equation): Var {
  return eq.outputs[0]!;
}
