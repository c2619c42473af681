import type { CellGraph } from "../cell/index.js";
import { type Program, verifyProgram } from "../program/index.js";
import { rowProducts } from "./1-row-products.js";
import { scans } from "./1-scans.js";
import { placeResults, type StateOutput } from "./2-place-results.js";
import { hoist } from "./3-hoist.js";
import { fuse } from "./4-fuse.js";
import { assignBuffers } from "./5-assign-buffers.js";
import { emit } from "./6-emit.js";
import type { StructureClass } from "./context.js";
import type { RowTableDecl } from "./row-tables.js";
import { verifyStage } from "./rules.js";
import { printStage, type StageName, type Stages } from "./stages.js";

export { splitProducts } from "./1-split.js";
export type { StateOutput } from "./2-place-results.js";
export { CompileError } from "./compile-error.js";
export type { StructureClass } from "./context.js";
export type { RowTableDecl, RowTableKey } from "./row-tables.js";
export type { StageName } from "./stages.js";

/** The program of a cell for a class of structures, and the buffers of its operands and results. */
export interface CompiledCell {
  readonly program: Program;
  /** What the program's tables relate, in their order. */
  readonly tables: readonly RowTableDecl[];
  readonly valueBuffers: readonly number[];
  readonly sourceBuffers: readonly (number | null)[];
  readonly finalBuffers: readonly (number | null)[];
  /** Per output: its buffer, and whose rows it is if it is read from a state: those that leave by a port, or arrive at one. */
  readonly outputs: readonly { readonly buffer: number; readonly state: StateOutput | null }[];
}

/**
 * Compiles a cell in passes: find scans, place results, hoist, fuse, assign buffers, emit. (The first pass, `splitProducts`, works on the
 * cell before it is differentiated.) The result of each pass is checked before the next one starts.
 *
 * @param initials per source slot: whether there is an initial state @param finals per sink slot: whether the final state is a result
 * @throws CompileError if a pass breaks a rule
 * @example
 * const { graph: traced } = gru({ input: 3, hidden: 4 }).trace("float32");
 * const { program } = compileCell(splitProducts(traced), { arrivals: ["single"], sinks: "single" }, [false], [true]);
 * kinds(program.before) // [ "gemm" ]: the product with x has left the loop
 */
export function compileCell(
  cell: CellGraph,
  structure: StructureClass,
  initials: readonly boolean[],
  finals: readonly boolean[],
): CompiledCell {
  return compile(cell, structure, initials, finals, () => {});
}

/**
 * The result of each pass of the compiler, as text. Read it when a program is not what you expect. A value has the same name in all
 * stages.
 *
 * @param structure by default that of a chain: each node reads at most one state per port
 * @example
 * const { graph: traced } = gru({ input: 3, hidden: 4 }).trace("float32");
 * const stages = compileStages(splitProducts(traced));
 * stages.map((stage) => stage.name) // [ "1-scans", "2-place-results", "3-hoist", "4-fuse", "5-assign-buffers", "6-emit" ]
 * console.log(stages[2]!.text); // which equations run before, in and after the loop
 */
export function compileStages(
  cell: CellGraph,
  structure: StructureClass = { arrivals: cell.inPorts.map(() => "single"), sinks: "single" },
  initials: readonly boolean[] = cell.sourceSlots.map(() => false),
  finals: readonly boolean[] = cell.sinkSlots.map(() => false),
): { readonly name: StageName; readonly text: string }[] {
  const texts: { name: StageName; text: string }[] = [];
  compile(cell, structure, initials, finals, (name, stage) => {
    texts.push({ name, text: printStage(name, stage) });
  });
  return texts;
}

function compile(
  cell: CellGraph,
  structure: StructureClass,
  initials: readonly boolean[],
  finals: readonly boolean[],
  watch: <N extends StageName>(name: N, stage: Stages[N]) => void,
): CompiledCell {
  const done = <N extends StageName>(name: N, stage: Stages[N]): Stages[N] => {
    verifyStage(name, stage);
    watch(name, stage);
    return stage;
  };
  const scanned = done("1-scans", scans(rowProducts(cell), structure));
  const placed = done("2-place-results", placeResults({ cell: scanned.cell, structure, initials, finals }));
  const hoisted = done("3-hoist", hoist(placed));
  const fused = done("4-fuse", fuse(hoisted));
  const assigned = done("5-assign-buffers", assignBuffers(fused));
  const { program } = done("6-emit", { ...assigned, program: programOf(assigned) });
  return {
    program,
    tables: assigned.tables,
    valueBuffers: assigned.valueBuffers,
    sourceBuffers: assigned.sourceBuffers,
    finalBuffers: assigned.finalBuffers,
    outputs: assigned.outputBuffers.map((buffer, i) => ({
      buffer,
      state: placed.shared.get(i) ?? null,
    })),
  };
}

function programOf(assigned: Stages["5-assign-buffers"]): Program {
  const regions = emit(assigned);
  // Instructions add tables, so the list is complete only now.
  const tables = assigned.tables.map(({ name, kind }) => ({ name, kind }));
  const program = { name: assigned.cell.name, buffers: assigned.buffers, tables, ...regions };
  verifyProgram(program);
  return program;
}
