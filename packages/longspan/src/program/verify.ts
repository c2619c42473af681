import type { Instruction, MapInstruction, Program, View } from "./program.js";
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
      for (const [view, width, use] of views(instruction)) {
        const listed = instruction.kind === "segmentSum" && view === instruction.a;
        checkView(program, instruction.space, view, width, listed, `${where} ${use}`);
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
      if (instruction.kind === "map") checkRegisters(program, instruction, where);
      if (instruction.kind === "segmentSum" && program.tables[instruction.lists]?.kind !== "lists")
        fail(program, `${where}: table ${instruction.lists} is not a table of lists`);
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
 * [...views(sums)].map(([, columns, use]) => [columns, use]) // [ [ 2, "a" ], [ 2, "out" ] ]
 */
export function* views(i: Instruction): Generator<[view: View, columns: number, use: string]> {
  switch (i.kind) {
    case "gemm":
      yield [i.a, i.k, "a"];
      yield [i.b, i.k * i.n, "b"];
      yield [i.out, i.n, "out"];
      return;
    case "outerSum":
      yield [i.a, i.m, "a"];
      yield [i.b, i.n, "b"];
      yield [i.out, i.m * i.n, "out"];
      return;
    case "batchedMatmul":
      yield [i.a, i.count * i.m * i.k, "a"];
      yield [i.b, i.count * i.k * i.n, "b"];
      yield [i.out, i.count * i.m * i.n, "out"];
      return;
    case "sumRows":
    case "segmentSum":
      yield [i.a, i.columns, "a"];
      yield [i.out, i.columns, "out"];
      return;
    case "gather":
      yield [i.source, i.size * i.columns, "source"];
      yield [i.index, i.count, "index"];
      yield [i.out, i.count * i.columns, "out"];
      return;
    case "indexSum":
      yield [i.a, i.count * i.columns, "a"];
      yield [i.index, i.count, "index"];
      yield [i.out, i.size * i.columns, "out"];
      return;
    case "map":
      for (const op of i.code) {
        if (op.op === "load") yield [op.view, sizeOf(i, op.out), "load"];
        if (op.op === "store") yield [op.view, sizeOf(i, op.input), "out"];
      }
  }
}

function sizeOf(map: MapInstruction, register: number): number {
  return map.registers[register]!.shape.reduce((p, n) => p * n, 1);
}

/** @param listed whether the rows are read by lists, whatever their space */
function checkView(
  program: Program,
  space: Space,
  view: View,
  width: number,
  listed: boolean,
  where: string,
): void {
  const buffer = program.buffers[view.buffer];
  if (!buffer) fail(program, `${where}: no buffer ${view.buffer}`);
  if (view.offset < 0 || view.offset + width > buffer.columns)
    fail(
      program,
      `${where}: columns ${view.offset}..${view.offset + width} of ${buffer.name}, which has ${buffer.columns}`,
    );
  if (view.rows === "same" && buffer.space !== space && !listed)
    fail(program, `${where}: rows of ${buffer.space} (${buffer.name}) read as rows of ${space}`);
  if (view.rows === "fixed" && buffer.space !== "one")
    fail(program, `${where}: a fixed row of ${buffer.name}, which has rows of ${buffer.space}`);
  if (typeof view.rows === "number" && program.tables[view.rows]?.kind !== "map")
    fail(program, `${where}: no row table ${view.rows}`);
}

function checkRegisters(program: Program, map: MapInstruction, where: string): void {
  const defined = new Set<number>();
  for (const op of map.code) {
    const reads =
      op.op === "concat"
        ? op.inputs
        : op.op === "store"
          ? [op.input]
          : op.op === "binary"
            ? [op.a, op.b]
            : op.op === "select"
              ? [op.condition, op.a, op.b]
              : op.op === "uniform"
                ? [op.key, op.example, op.node]
                : "a" in op
                  ? [op.a]
                  : [];
    for (const r of reads)
      if (!defined.has(r)) fail(program, `${where}: register r${r} is read before it is written`);
    if (op.op === "store") continue;
    if (defined.has(op.out)) fail(program, `${where}: register r${op.out} is written twice`);
    defined.add(op.out);
    if (
      op.op === "binary" &&
      (sizeOf(map, op.a) !== sizeOf(map, op.out) || sizeOf(map, op.b) !== sizeOf(map, op.out))
    )
      fail(program, `${where}: ${op.code} of registers of different sizes`);
  }
}

function fail(program: Program, message: string): never {
  throw new ProgramError(`program ${program.name}: ${message}`);
}
