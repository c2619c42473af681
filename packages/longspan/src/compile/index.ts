import { producersOf, usesOf } from "../autodiff/index.js";
import type { CellGraph } from "../cell/index.js";
import { type Program, verifyProgram } from "../program/index.js";
import { hoist } from "./2-hoist.js";
import { fuse } from "./3-fuse.js";
import { plan } from "./4-plan.js";
import { emit } from "./emit.js";
import type { RowTableDecl } from "./row-tables.js";
import { placeResults } from "./targets.js";
import type { StructureClass, Work } from "./work.js";

export { splitProducts } from "./1-split.js";
export type { RowTableDecl, RowTableKey } from "./row-tables.js";
export type { StructureClass } from "./work.js";

/** A program for a cell over a class of structures, and how operands and results are bound to its buffers. */
export interface CompiledCell {
  readonly program: Program;
  /** What the program's tables relate, in their order. */
  readonly tables: readonly RowTableDecl[];
  readonly valueBuffers: readonly number[];
  readonly sourceBuffers: readonly (number | null)[];
  readonly finalBuffers: readonly (number | null)[];
  /** Per output: its buffer, and the port whose node rows it is if it is read from a state. */
  readonly outputs: readonly { readonly buffer: number; readonly port: number | null }[];
}

/**
 * Compiles a cell: hoist, fuse, plan, emit. (`splitProducts`, the first pass, works on the cell before it is differentiated.)
 *
 * @param given per source slot: an initial state is given @param finals per sink slot: the final state is wanted
 * @example
 * const { graph: traced } = gru({ input: 3, hidden: 4 }).trace("float32");
 * const { program } = compileCell(splitProducts(traced), { arrivals: ["single"], sinks: "single" }, [false], [true]);
 * kinds(program.before) // [ "gemm" ]: the product with x has left the loop
 */
export function compileCell(
  cell: CellGraph,
  structure: StructureClass,
  given: readonly boolean[],
  finals: readonly boolean[],
): CompiledCell {
  const placements = placeResults(cell);
  const equations = placements.cell.equations;
  const work: Work = {
    cell: placements.cell,
    structure,
    given,
    finals,
    producer: producersOf(equations),
    uses: usesOf(equations),
  };
  const hoisted = hoist(work);
  const fused = fuse(work, hoisted, placements.targets);
  const planned = plan(work, hoisted, fused, placements);
  const regions = emit(work, hoisted, fused, planned);
  const tables = planned.tables.map(({ name, kind }) => ({ name, kind }));
  const program: Program = { name: cell.name, buffers: planned.buffers, tables, ...regions };
  verifyProgram(program);
  return {
    program,
    tables: planned.tables,
    valueBuffers: planned.valueBuffers,
    sourceBuffers: planned.sourceBuffers,
    finalBuffers: planned.finalBuffers,
    outputs: planned.outputBuffers.map((buffer, i) => ({
      buffer,
      port: placements.shared.get(i)?.port ?? null,
    })),
  };
}
