import type { View } from "./buffers.js";
import { type Instruction, recordOf } from "./instructions/index.js";
import type { ViewUse } from "./instructions/record.js";
import type { Program } from "./program.js";
import { levelledSpaces, type Space } from "./spaces.js";

/** A program that breaks its own rules: a defect of the compiler, found before any memory is touched. */
export class ProgramError extends Error {
  override name = "ProgramError";
}

const levelled: ReadonlySet<Space> = new Set(levelledSpaces);

/**
 * Checks every view against its buffer, every register against its use, and that what is read was written before.
 * @throws ProgramError naming the instruction.
 * @example
 * const program: Program = {
 *   name: "column sums",
 *   buffers: [
 *     { name: "x", dtype: "float32", space: "row", columns: 2, role: "input" },
 *     { name: "y", dtype: "float32", space: "one", columns: 2, role: "output" },
 *   ],
 *   tables: [],
 *   before: [
 *     {
 *       kind: "sumRows",
 *       space: "row",
 *       out: { buffer: 1, offset: 0, rows: "fixed" },
 *       a: { buffer: 0, offset: 0, rows: "same" },
 *       columns: 2,
 *       accumulate: false,
 *     },
 *   ],
 *   loop: [],
 *   after: [],
 * };
 * verifyProgram(program); // passes; with 3 columns: "before[0] sumRows a: columns 0..3 of x, which has 2"
 */
export function verifyProgram(program: Program): void {
  const written = new Set<number>();
  program.buffers.forEach((b, i) => {
    if (b.role === "input" || b.clearHead) written.add(i);
    if (!(b.columns >= 0) || !Number.isInteger(b.columns))
      fail(program, `buffer ${b.name} has ${b.columns} columns`);
  });
  for (const region of ["before", "loop", "after"] as const) {
    for (const [n, instruction] of program[region].entries()) {
      const where = `${region}[${n}] ${instruction.kind}`;
      if (region === "loop" && !levelled.has(instruction.space))
        fail(
          program,
          `${where}: rows of ${instruction.space} have no levels, so the loop cannot run over them`,
        );
      const reads: View[] = [];
      const writes: View[] = [];
      for (const used of views(instruction)) {
        const [view, , use] = used;
        checkView(program, instruction.space, used, where);
        (use === "out" ? writes : reads).push(view);
        if (region !== "loop" && program.buffers[view.buffer]!.role === "level")
          fail(program, `${where}: level buffer ${program.buffers[view.buffer]!.name} outside the loop`);
      }
      const own = new Set(writes.map((w) => w.buffer));
      for (const r of reads) {
        if (!written.has(r.buffer) && !own.has(r.buffer))
          fail(program, `${where} reads ${program.buffers[r.buffer]!.name} before anything wrote it`);
      }
      for (const w of writes) {
        const buffer = program.buffers[w.buffer]!;
        if (buffer.role === "input") fail(program, `${where} writes the input ${buffer.name}`);
        written.add(w.buffer);
      }
      const wrong = recordOf(instruction).check?.(instruction, program.tables);
      if (wrong !== undefined) fail(program, `${where}: ${wrong}`);
    }
  }
  program.buffers.forEach((b, i) => {
    if (b.role === "output" && !written.has(i)) fail(program, `output ${b.name} is never written`);
  });
}

/**
 * The views of an instruction, with the columns that each covers and its use.
 * @example
 * const out: View = { buffer: 1, offset: 0, rows: "fixed" };
 * const a: View = { buffer: 0, offset: 0, rows: "same" };
 * const sums: Instruction = { kind: "sumRows", space: "row", out, a, columns: 2, accumulate: false };
 * views(sums).map(([, columns, use]) => [columns, use]) // [ [ 2, "a" ], [ 2, "out" ] ]
 */
export function views(i: Instruction): readonly ViewUse[] {
  return recordOf(i).views(i);
}

function checkView(
  program: Program,
  space: Space,
  [view, width, use, rows = space]: ViewUse,
  instruction: string,
): void {
  const where = `${instruction} ${use}`;
  const buffer = program.buffers[view.buffer];
  if (!buffer) fail(program, `${where}: no buffer ${view.buffer}`);
  if (view.offset < 0 || view.offset + width > buffer.columns)
    fail(
      program,
      `${where}: columns ${view.offset}..${view.offset + width} of ${buffer.name}, which has ${buffer.columns}`,
    );
  if (view.rows === "same" && rows !== "listed" && buffer.space !== rows)
    fail(program, `${where}: rows of ${buffer.space} (${buffer.name}) read as rows of ${rows}`);
  if (view.rows === "fixed" && buffer.space !== "one")
    fail(program, `${where}: a fixed row of ${buffer.name}, which has rows of ${buffer.space}`);
  if (typeof view.rows === "number" && program.tables[view.rows]?.kind !== "map")
    fail(program, `${where}: no row table ${view.rows}`);
}

function fail(program: Program, message: string): never {
  throw new ProgramError(`program ${program.name}: ${message}`);
}
