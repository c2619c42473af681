import { check, optional, record } from "../check/index.js";

/** How `mpirun` has started this process. */
export interface MpiLaunch {
  /** Whose `mpirun` it is, by the environment variables that it sets. Most others set those of MPICH. */
  readonly library: "openmpi" | "mpich";
  /** Which of the processes this is, from 0. */
  readonly rank: number;
  readonly size: number;
  /** How many of them run on this machine; null where that is not known. */
  readonly onThisMachine: number | null;
}

/**
 * Whether `mpirun` has started this process among others; null if not. It looks at environment variables and loads nothing.
 * @param environment that of the process by default
 * @example
 * mpiLaunch({ OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_RANK: "1" })?.size; // 4
 */
export function mpiLaunch(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): MpiLaunch | null {
  check("mpiLaunch", "environment", environment, optional(record));
  for (const [library, names] of Object.entries(variables) as [MpiLaunch["library"], Names][]) {
    const number = (name: string) => {
      const text = environment[name];
      return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
    };
    const [size, rank] = [number(names.size), number(names.rank)];
    if (size === null || rank === null) continue;
    return { library, rank, size, onThisMachine: number(names.onThisMachine) };
  }
  return null;
}

type Names = Readonly<Record<"size" | "rank" | "onThisMachine", string>>;

const variables: Readonly<Record<MpiLaunch["library"], Names>> = {
  openmpi: {
    size: "OMPI_COMM_WORLD_SIZE",
    rank: "OMPI_COMM_WORLD_RANK",
    onThisMachine: "OMPI_COMM_WORLD_LOCAL_SIZE",
  },
  mpich: { size: "PMI_SIZE", rank: "PMI_RANK", onThisMachine: "MPI_LOCALNRANKS" },
};
