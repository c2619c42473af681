import { exitCode, Failure } from "../failure.js";
import type { Prepared } from "../jobs/job.js";

/** @throws Failure if the settings of a run are not for so many processes */
export function checkShares(
  processes: number,
  { batch, optimizer }: { readonly batch?: unknown; readonly optimizer?: unknown },
): void {
  if (processes === 1) return;
  if (optimizer === "hessian-free")
    throw new Failure(
      `--optimizer hessian-free looks at the loss again and again, and trains in one process only; mpirun has started ${processes}: choose another optimizer, or start one`,
      exitCode.usage,
    );
  if (typeof batch === "number" && batch < processes)
    throw new Failure(
      `--batch ${batch} cannot be shared among the ${processes} processes that mpirun has started; give ${processes} at least, or start fewer`,
      exitCode.usage,
    );
}

/** @throws Failure if a run of several processes is not trained step by step */
export function checkTrained(processes: number, { fitting }: Pick<Prepared, "fitting">): void {
  if (processes > 1 && fitting)
    throw new Failure(
      `this model is fitted in one pass, which one process does alone, and mpirun has started ${processes}; start it without mpirun`,
      exitCode.usage,
    );
}
