import { spawnSync } from "node:child_process";
import { bin, type Finished } from "./command.js";

/** The environment of mpirun on a machine of tests: as root, and with more processes than cores. */
export const mpiEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  CI: "1",
  LONGSPAN_THREADS: "1",
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  OMPI_MCA_hwloc_base_binding_policy: "none",
};

/** The commands of the MPI libraries that are installed: Debian's alternatives let both live beside each other. */
export const mpiruns: readonly string[] = (() => {
  const found = ["mpirun.openmpi", "mpirun.mpich"].filter(answers);
  return found.length > 0 ? found : ["mpirun"].filter(answers);
})();

function answers(command: string): boolean {
  return spawnSync(command, ["--version"], { env: mpiEnvironment }).status === 0;
}

/** Runs `longspan` by mpirun, to its end. */
export function longspanOn(mpirun: string, ranks: number, folder: string, ...args: string[]): Finished {
  const { status, stdout, stderr } = spawnSync(
    mpirun,
    ["-n", String(ranks), process.execPath, bin, ...args],
    { cwd: folder, encoding: "utf8", env: mpiEnvironment, timeout: 60_000, killSignal: "SIGKILL" },
  );
  return { code: status, stdout, stderr };
}
