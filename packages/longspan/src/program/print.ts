import type { RowMap, View } from "./buffers.js";
import { type Instruction, recordOf } from "./instructions/index.js";
import type { Program } from "./program.js";

/**
 * Prints a program, one instruction per line, in a form stable enough for snapshot tests.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const { program } = compileCell(traced, { arrivals: ["single"], sinks: "single" }, [false], [false]);
 * console.log(printProgram(program)); // buffers, then the instructions before, in and after the loop
 */
export function printProgram(program: Program): string {
  const lines = [`program ${program.name}`];
  program.buffers.forEach((b, i) => {
    lines.push(`  %${i} ${b.role} ${b.name}: ${b.dtype}[${b.space}, ${b.columns}]`);
  });
  for (const region of ["before", "loop", "after"] as const) {
    lines.push(`${region}:${program[region].length === 0 ? " (nothing)" : ""}`);
    for (const instruction of program[region]) lines.push(...printInstruction(program, instruction));
  }
  return lines.join("\n");
}

/**
 * The instructions of a region by kind, e.g. `["gemm", "map"]`.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const { program } = compileCell(traced, { arrivals: ["single"], sinks: "single" }, [false], [false]);
 * kinds(program.loop) // [ "gemm", "map" ]
 */
export function kinds(region: readonly Instruction[]): string[] {
  return region.map((i) => i.kind);
}

function printInstruction(program: Program, i: Instruction): string[] {
  const [text, ...more] = recordOf(i).print(i, {
    view: (view) => printView(program, view),
    table: (table) => String(program.tables[table]?.name),
  });
  return [`  ${i.kind}<${i.space}>${text && ` ${text}`}`, ...more];
}

function printView(program: Program, view: View): string {
  const buffer = program.buffers[view.buffer];
  return `${buffer?.name ?? `%${view.buffer}`}${view.offset ? `+${view.offset}` : ""}${printRows(program, view.rows)}`;
}

function printRows(program: Program, rows: RowMap): string {
  if (rows === "same") return "";
  return rows === "fixed" ? "@0" : `@${program.tables[rows]?.name}`;
}
