import { type ExecutorName, executorReport } from "longspan";

/** One row enrols an executor in the conformance product; where it is not available, its tests are skipped with the reason. */
export const executorRows: readonly { readonly name: ExecutorName }[] = [
  { name: "reference" },
  { name: "native" },
  { name: "wasm" },
];

/** Why an executor cannot be tested here; undefined if it can. */
export function missing(name: ExecutorName): string | undefined {
  const status = executorReport().find((e) => e.name === name)!;
  return status.available ? undefined : status.detail;
}
