import { executorReport } from "longspan";
import { type Executor, executor, recordable } from "longspan/engine";
import { ToyExecutor } from "./toy/toy-executor.js";

/** An executor in the conformance product. */
interface ExecutorRow {
  readonly name: string;
  /** Makes it, where the library does not know it by its name. */
  readonly make?: () => Executor;
}

/** One row enrols an executor in the conformance product; where it is not available, its tests are skipped with the reason. */
export const executorRows: readonly ExecutorRow[] = [
  { name: "reference" },
  { name: "native" },
  { name: "wasm" },
  { name: "toy", make: () => new ToyExecutor() },
];

const made = new Map<string, Executor>();

/** The executor of a row, always the same one. */
export function executorOf(name: string): Executor {
  const make = executorRows.find((row) => row.name === name)?.make;
  if (!make) return executor(name);
  const found = made.get(name) ?? recordable(make());
  made.set(name, found);
  return found;
}

/** Why an executor cannot be tested here; undefined if it can. */
export function missing(name: string | string): string | undefined {
  if (executorRows.some((row) => row.name === name && row.make)) return undefined;
  const status = executorReport().find((e) => e.name === name)!;
  return status.available ? undefined : status.detail;
}
