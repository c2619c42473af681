import type { Equation, Var } from "../autodiff/index.js";
import type { CellGraph } from "../cell/index.js";

/** What a program must know of a structure: how values arrive at ports. The lengths and the batch stay open. */
export interface StructureClass {
  /** Per in-port: each node reads at most one row (`single`), or any number, summed (`lists`). */
  readonly arrivals: readonly ("single" | "lists")[];
  readonly sinks: "single" | "lists";
}

/** The regions of a program, in the order in which they run. */
export const phases = ["before", "loop", "after"] as const;

/** A region of a program. */
export type Phase = (typeof phases)[number];

/** What is to be compiled. Each pass takes what the passes before it gave and adds what it finds out. */
export interface Context {
  readonly cell: CellGraph;
  readonly structure: StructureClass;
  /** Per source slot: an initial state is given. */
  readonly initials: readonly boolean[];
  /** Per sink slot: the final state is wanted. */
  readonly finals: readonly boolean[];
}

/** The only result of an equation inside a cell. */
export function result(eq: Equation): Var {
  return eq.outputs[0]!;
}
