import type { Schedule } from "./executor.js";
import { recordOf } from "./instructions/index.js";
import type { Program } from "./program.js";

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
    flops += rows * recordOf(i).flops(i);
  }
  for (const i of once) {
    instructions += 1;
    if (recordOf(i).isProduct) gemms += 1;
  }
  for (const i of program.loop) {
    instructions += schedule.levels;
    if (recordOf(i).isProduct) gemms += schedule.levels;
  }
  return { instructions, flops, gemms };
}
