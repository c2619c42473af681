import { availableParallelism, cpus } from "node:os";
import { ExplosionError, executorReport, NonFiniteLossError, useThreads } from "longspan";
import type { MpiLaunch } from "longspan/node";
import type { MpiCollective } from "longspan-mpi";
import { exitCode, Failure, oneLine } from "../failure.js";
import { reasonOf } from "../reason-of.js";
import { type Ranks, ToldElsewhere } from "./ranks.js";

/** What a process tells the others of its work. */
interface Told {
  readonly error: string | null;
  readonly exitCode: number;
  readonly value?: unknown;
}

/** The processes of mpirun, joined by longspan-mpi. @throws Failure if they cannot be */
export async function mpiRanks(launch: MpiLaunch): Promise<Ranks> {
  const collective = await joined(launch);
  shareCores(launch);
  const { rank, size } = collective;
  const isFirst = rank === 0;
  const exchange = async (outcome: Told): Promise<Told[]> => {
    const all = await collective.gather(new TextEncoder().encode(JSON.stringify(outcome)));
    return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Told);
  };
  /** The first that failed tells; the others end as it does. */
  const done = async <T>(
    work: (() => T | Promise<T>) | null,
  ): Promise<{ own: T | undefined; all: Told[] }> => {
    let own: T | undefined;
    let failed: unknown = null;
    try {
      own = await work?.();
    } catch (error) {
      failed = error ?? new Error("something failed");
    }
    const all = await exchange(failed === null ? { error: null, exitCode: 0, value: own } : toldOf(failed));
    const at = all.findIndex(({ error }) => error !== null);
    if (at < 0) return { own, all };
    if (at !== rank) throw new ToldElsewhere("", all[at]!.exitCode);
    const everywhere = all.every(({ error }) => error !== null) || work === null;
    throw isFirst || everywhere ? failed : new Failure(`rank ${rank}: ${reason(failed)}`, all[at]!.exitCode);
  };
  const ranks: Ranks = {
    isFirst,
    size,
    collective,
    all: async (work) => {
      // Only whether it worked is told: what is made stays here.
      let made: { readonly is: Awaited<ReturnType<typeof work>> } | undefined;
      await done(async () => {
        made = { is: await work() };
      });
      return made!.is;
    },
    ofFirst: async <T>(work: () => T | Promise<T>) => (await done(isFirst ? work : null)).all[0]!.value as T,
    async training(work, explain) {
      try {
        return await work();
      } catch (error) {
        const explained = explain(error);
        // These come to all at the same step.
        if (error instanceof ExplosionError || error instanceof NonFiniteLossError)
          throw isFirst ? explained : new ToldElsewhere("", toldOf(explained).exitCode);
        process.stderr.write(`error: ${isFirst ? "" : `rank ${rank}: `}${reason(explained)}\n`);
        collective.abort(toldOf(explained).exitCode);
        throw new ToldElsewhere("", toldOf(explained).exitCode);
      }
    },
    close: () => collective.close(),
  };
  return ranks;
}

function toldOf(error: unknown): Told {
  return { error: reason(error), exitCode: error instanceof Failure ? error.exitCode : exitCode.failure };
}

function reason(error: unknown): string {
  return error instanceof Failure ? oneLine(error.message) : reasonOf(error);
}

/** @throws Failure if longspan-mpi is missing, or cannot join them: said by the first */
async function joined({ rank, size, library }: MpiLaunch): Promise<MpiCollective> {
  try {
    const { joinMpi } = await import("longspan-mpi");
    return await joinMpi();
  } catch (error) {
    if (rank > 0) throw new ToldElsewhere("");
    if ((error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    const headers = library === "openmpi" ? "Open MPI (libopenmpi-dev)" : "MPICH (libmpich-dev)";
    throw new Failure(
      `mpirun has started ${size} processes, and longspan-mpi, which joins them, is not installed; run npm install longspan-mpi where longspan-cli is installed; it is built with the headers of ${headers}`,
    );
  }
}

/** Processes on one machine share its cores, unless mpirun has given each its own, or the user says how many threads each has. */
function shareCores({ onThisMachine }: MpiLaunch): void {
  if (process.env.LONGSPAN_THREADS !== undefined || onThisMachine === null || onThisMachine < 2) return;
  if (availableParallelism() < cpus().length) return;
  const threads = Math.max(...executorReport().map((executor) => executor.threads));
  useThreads(Math.max(1, Math.floor(threads / onThisMachine)));
}
