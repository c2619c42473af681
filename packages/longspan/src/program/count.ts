import type { Schedule } from "./executor.js";
import type { Instruction, Program } from "./program.js";

/** What one run of a program costs. */
export interface ProgramCost {
  /** Instructions executed, the loop's once per level. */
  readonly instructions: number;
  /** Multiply-adds of products count as two; each element of a map operation as one. */
  readonly flops: number;
  /** Bytes of temporary and level buffers are not counted, since their layout is the executor's. */
  readonly gemms: number;
}

/**
 * Counts what running `program` over `schedule` does.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const { program } = compileCell(traced, { arrivals: ["single"], sinks: "single" }, [false], [false]);
 * const schedule = { counts: { node: 10 }, levels: 5, levelRows: {}, headRows: 1, tables: [] };
 * countProgram(program, schedule).gemms // 6: one before the loop, one per level
 */
export function countProgram(program: Program, schedule: Schedule): ProgramCost {
  let instructions = 0;
  let flops = 0;
  let gemms = 0;
  const once = [...program.before, ...program.after];
  for (const i of [...once, ...program.loop]) {
    const rows = schedule.counts[i.space] ?? 1;
    flops += rows * flopsPerRow(i);
  }
  for (const i of once) {
    instructions += 1;
    if (isProduct(i)) gemms += 1;
  }
  for (const i of program.loop) {
    instructions += schedule.levels;
    if (isProduct(i)) gemms += schedule.levels;
  }
  return { instructions, flops, gemms };
}

function isProduct(i: Instruction): boolean {
  return i.kind === "gemm" || i.kind === "outerSum" || i.kind === "batchedMatmul";
}

function flopsPerRow(i: Instruction): number {
  switch (i.kind) {
    case "gemm":
      return 2 * i.k * i.n;
    case "outerSum":
      return 2 * i.m * i.n;
    case "batchedMatmul":
      return 2 * i.count * i.m * i.k * i.n;
    case "gather":
    case "indexSum":
      return i.count * i.columns;
    case "map": {
      let n = 0;
      for (const op of i.code) {
        if (op.op === "store") continue;
        n += i.registers[op.out]!.shape.reduce((p, s) => p * s, 1);
      }
      return n;
    }
    default:
      return i.columns;
  }
}
