import { type Collective, ranksInProcess } from "longspan";
import { mpiLaunch } from "longspan/node";
import { libraries, loadAddon, MpiError } from "./addon.js";

export { MpiError } from "./addon.js";

/** The ranks that `mpirun` has started. */
export interface MpiCollective extends Collective {
  /** The library and its version, as it says them; null where there is one process and nothing was loaded. */
  readonly library: string | null;
  /** To be awaited by every rank when its work is done: `mpirun` takes a process that ends without it for one that failed. */
  close(): Promise<void>;
  /** Ends all ranks at once, as after an error that the others do not have: they would wait for this one. */
  abort(exitCode: number): void;
}

/**
 * Joins the ranks that `mpirun` has started, once in a process. All calls of MPI are made by a thread of their own, so that the event loop
 * goes on. Without `mpirun` it is one rank, and nothing is loaded.
 *
 * Sums are formed in the order of the ranks, in float64, whatever the library: the same numbers give the same bits, again and on another
 * network.
 *
 * @throws MpiError if the addon was not built for the library of `mpirun`, or the library cannot be started
 * @example
 * const collective = await joinMpi();
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const optimiser = adam();
 * await train(task, startTraining(task, optimiser, model.init(Key.of(1))), {
 *   optimiser,
 *   collective,
 *   budget: { steps: 5 },
 *   key: Key.of(2),
 * });
 * if (collective.rank === 0) console.log(`trained on ${collective.size} ranks`);
 * await collective.close();
 */
export async function joinMpi(): Promise<MpiCollective> {
  const launch = mpiLaunch();
  if (launch === null) return alone();
  const addon = loadAddon(launch.library);
  const { rank, size, library } = await addon.start().catch((error: Error) => {
    throw new MpiError(`longspan-mpi: ${libraries[launch.library]} cannot be started: ${error.message}`);
  });
  if (size !== launch.size)
    throw new MpiError(
      `longspan-mpi: mpirun has started ${launch.size} processes, and each finds ${size}: they do not find each other, as when mpirun is not that of the ${libraries[launch.library]} that longspan-mpi was built with; use its mpirun, or run npm rebuild longspan-mpi`,
    );
  return {
    rank,
    size,
    library,
    sum: (numbers) => addon.sum(numbers),
    gather: (bytes) => addon.gather(bytes),
    close: () => addon.stop(),
    abort: (exitCode) => addon.abort(exitCode),
  };
}

function alone(): MpiCollective {
  const [one] = ranksInProcess(1);
  return { ...one!, library: null, close: async () => {}, abort: (code) => process.exit(code) };
}
