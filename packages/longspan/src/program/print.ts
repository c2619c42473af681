import type { Instruction, MapOp, Program, RowMap, View } from "./program.js";

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
  const v = (view: View) => printView(program, view);
  const to = (accumulate: boolean) => (accumulate ? "+=" : "=");
  switch (i.kind) {
    case "gemm":
      return [
        `  gemm<${i.space}> ${v(i.out)} ${to(i.accumulate)} ${v(i.a)} . ${v(i.b)}${i.transposeB ? "'" : ""}  k=${i.k} n=${i.n}`,
      ];
    case "outerSum":
      return [
        `  outerSum<${i.space}> ${v(i.out)} ${to(i.accumulate)} ${v(i.a)}' ${v(i.b)}  m=${i.m} n=${i.n}`,
      ];
    case "batchedMatmul":
      return [
        `  batchedMatmul<${i.space}> ${v(i.out)} ${to(i.accumulate)} ${v(i.a)}${i.transposeA ? "'" : ""} . ${v(i.b)}${i.transposeB ? "'" : ""}  ${i.count}x[${i.m},${i.k},${i.n}]`,
      ];
    case "sumRows":
      return [`  sumRows<${i.space}> ${v(i.out)} ${to(i.accumulate)} ${v(i.a)}  n=${i.columns}`];
    case "segmentSum":
      return [
        `  segmentSum<${i.space}> ${v(i.out)} ${to(i.accumulate)} ${v(i.a)} by ${program.tables[i.lists]?.name}  n=${i.columns}`,
      ];
    case "gather":
      return [`  gather<${i.space}> ${v(i.out)} = ${v(i.source)}[${v(i.index)}]  n=${i.columns}`];
    case "indexSum":
      return [
        `  indexSum<${i.space}> ${v(i.out)}[${v(i.index)}] ${to(i.accumulate)} ${v(i.a)}  n=${i.columns}`,
      ];
    case "map":
      return [`  map<${i.space}>`, ...i.code.map((op) => `    ${printMapOp(program, i.registers, op)}`)];
  }
}

function printMapOp(program: Program, registers: readonly { shape: readonly number[] }[], op: MapOp): string {
  const out = "out" in op ? `r${op.out}[${registers[op.out]?.shape.join(",")}] = ` : "";
  switch (op.op) {
    case "load":
      return `${out}load ${printView(program, op.view)}`;
    case "store":
      return `store ${printView(program, op.view)} = r${op.input}`;
    case "unary":
      return `${out}${op.code} r${op.a}`;
    case "binary":
      return `${out}${op.code} r${op.a} r${op.b}`;
    case "select":
      return `${out}select r${op.condition} r${op.a} r${op.b}`;
    case "constant":
      return `${out}constant ${op.value}`;
    case "iota":
      return `${out}iota axis ${op.axis}`;
    case "reduce":
      return `${out}${op.code} r${op.a} over ${op.axes.join(",")}`;
    case "permute":
      return `${out}permute r${op.a} ${op.axes.join(",")}`;
    case "slice":
    case "pad":
      return `${out}${op.op} r${op.a} at ${op.starts.join(",")}`;
    case "concat":
      return `${out}concat ${op.inputs.map((r) => `r${r}`).join(" ")} axis ${op.axis}`;
    case "uniform":
      return `${out}uniform key r${op.key} example r${op.example} node r${op.node} site ${op.site}`;
    default:
      return `${out}${op.op} r${op.a}`;
  }
}

function printView(program: Program, view: View): string {
  const buffer = program.buffers[view.buffer];
  return `${buffer?.name ?? `%${view.buffer}`}${view.offset ? `+${view.offset}` : ""}${printRows(program, view.rows)}`;
}

function printRows(program: Program, rows: RowMap): string {
  if (rows === "same") return "";
  return rows === "fixed" ? "@0" : `@${program.tables[rows]?.name}`;
}
