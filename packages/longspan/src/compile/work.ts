import type { Equation, Var } from "../autodiff/index.js";
import type { CellGraph } from "../cell/index.js";
import type { Op } from "../ops/index.js";
import type { Value } from "../tensor/index.js";

/** What a program must know of a structure: how values arrive at ports. The lengths and the batch stay open. */
export interface StructureClass {
  /** Per in-port: each node reads at most one row (`single`), or any number, summed (`lists`). */
  readonly arrivals: readonly ("single" | "lists")[];
  readonly sinks: "single" | "lists";
}

/** The regions of a program. */
export type Phase = "before" | "loop" | "after";

/** A cell on its way to a program. */
export interface Work {
  readonly cell: CellGraph;
  readonly structure: StructureClass;
  /** Per source slot: an initial state is given. */
  readonly given: readonly boolean[];
  /** Per sink slot: the final state is wanted. */
  readonly finals: readonly boolean[];
  readonly producer: ReadonlyMap<Value, Equation>;
  readonly uses: ReadonlyMap<Value, readonly Equation[]>;
}

/** Where a result goes. The first target of a variable is its home. */
export type Target =
  | { readonly kind: "state"; readonly port: number; readonly slot: number }
  | { readonly kind: "message"; readonly slot: number }
  | { readonly kind: "output"; readonly index: number };

/** The identity as a map: for results that are wanted in two places. */
export const copyOp: Op = {
  name: "copy",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  jvp: (_, [t]) => [t],
  lowering: { kind: "map", emit: (_, [a]) => a!, elementwise: true },
  cheap: true,
  samples: [],
};

/** The only result of an equation inside a cell. */
export function result(eq: Equation): Var {
  return eq.outputs[0]!;
}
