import os from "node:os";
import { defaultExecutor, executorReport } from "longspan";
import { fileReason } from "longspan/node";
import colours from "picocolors";
import { Failure } from "./failure.js";
import { type MatmulSpeed, measureMatmul } from "./matmul-speed.js";
import { counted } from "./run-lines.js";
import { wrapped } from "./terminal-text.js";

/** An executor, here or elsewhere: why it is not available, or what it is. */
export type ExecutorLine = Pick<
  ReturnType<typeof executorReport>[number],
  "available" | "detail" | "instructionSets"
> & {
  readonly name: string;
};

/** What there is to compute with. */
export interface DoctorReport {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: { readonly model: string; readonly cores: number };
  /** In bytes; the total is what this process may take, where the system limits it. */
  readonly memory: { readonly total: number; readonly free: number };
  readonly executor: { readonly name: string; readonly why: string };
  /** All executors, fastest first, the one in use among them. */
  readonly executors: readonly ExecutorLine[];
  /** Of the executor in use. */
  readonly matmul: MatmulSpeed;
}

/** Looks at the machine, and times the executor in use. @throws Failure if the executor computes wrongly. */
async function examine(version: string): Promise<DoctorReport> {
  const { name } = defaultExecutor();
  const executors = executorReport();
  let matmul: MatmulSpeed;
  try {
    matmul = await measureMatmul();
  } catch (error) {
    throw new Failure(`the ${name} executor does not work here: ${fileReason(error)}`);
  }
  return {
    version,
    node: process.version,
    platform: `${process.platform} ${process.arch}, ${os.release()}`,
    cpu: { model: os.cpus()[0]?.model.trim() || "unknown", cores: os.availableParallelism() },
    memory: { total: memoryLimit(), free: os.freemem() },
    executor: { name, why: reasonFor(name, executors) },
    executors,
    matmul,
  };
}

/** Why an executor is in use, given all of them, fastest first. */
export function reasonFor(name: string, all: readonly ExecutorLine[]): string {
  const available = all.filter((executor) => executor.available);
  if (available.length <= 1) return all.length <= 1 ? "the only one there is" : "the only one available here";
  return available[0]!.name === name ? "the fastest available here" : "chosen by a setting";
}

/** The report in lines for people. */
export function doctorLines(report: DoctorReport, columns = Number.POSITIVE_INFINITY): string[] {
  const { version, node, platform, cpu, memory, executor, executors: all, matmul } = report;
  const rows: [label: string, text: string][] = [
    ["longspan", version],
    ["node", `${node} on ${platform}`],
    ["cpu", `${cpu.model}, ${counted(cpu.cores, "core")}`],
    ["memory", `${gibibytes(memory.total)}, ${gibibytes(memory.free)} free`],
    ...all.flatMap(({ name, available, detail, instructionSets }): [string, string][] => {
      const state =
        name === executor.name ? `in use, ${executor.why}` : available ? "available" : "not available";
      const reached = (instructionSets ?? []).map((set) => `${set.name} ${rounded(set.gflops)} GFLOP/s`);
      const sets: [string, string] = ["", `one thread in a trial: ${reached.join(", ")}`];
      return [["executor", `${name}: ${state} (${detail})`], ...(reached.length > 0 ? [sets] : [])];
    }),
    [
      "speed",
      `${rounded(matmul.gflops)} GFLOP/s in products of ${matmul.size} x ${matmul.size} matrices, float32`,
    ],
  ];
  return rows.map(([label, text]) => wrapped(label.padEnd(labelColumns) + text, columns, labelColumns));
}

const rounded = (x: number) => Number(x.toPrecision(3));

/** Columns of a label and the space after it. */
const labelColumns = 10;

/** Prints what there is to compute with. Returns the exit code. */
export async function doctor(version: string, { json = false } = {}): Promise<number> {
  const report = await examine(version);
  const { stdout } = process;
  if (json) stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const { dim } = colours.createColors(stdout.isTTY === true && colours.isColorSupported);
    for (const line of doctorLines(report, stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY))
      stdout.write(`${dim(line.slice(0, labelColumns))}${line.slice(labelColumns)}\n`);
  }
  return 0;
}

/** Bytes that this process may take: those of the machine, or fewer where a limit is set. */
function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
