import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** What the addon does: `native/addon.cc`. */
export interface Addon {
  start(): Promise<{ readonly rank: number; readonly size: number; readonly library: string }>;
  sum(numbers: Float32Array | Float64Array): Promise<void>;
  gather(bytes: Uint8Array): Promise<readonly Uint8Array[]>;
  stop(): Promise<void>;
  abort(code: number): void;
}

/** The libraries that the addon is built for, by the name of the file. */
export const libraries = { openmpi: "Open MPI", mpich: "MPICH" } as const;

/** A library that is installed in vain, or not at all. */
export class MpiError extends Error {
  override name = "MpiError";
}

/** The addon that was built for a library. @throws MpiError saying what to install */
export function loadAddon(library: keyof typeof libraries): Addon {
  const file = fileURLToPath(new URL(`../build/${library}.node`, import.meta.url));
  if (!existsSync(file)) throw new MpiError(whyMissing(library));
  const loaded = { exports: {} };
  try {
    // Open MPI loads parts of itself later, which look for its symbols among those of the process.
    process.dlopen(loaded, file, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL);
  } catch (error) {
    throw new MpiError(
      `longspan-mpi: the addon for ${libraries[library]} cannot be loaded (${(error as Error).message}); build it again: npm rebuild longspan-mpi`,
    );
  }
  return loaded.exports as Addon;
}

function whyMissing(library: keyof typeof libraries): string {
  const headers = { openmpi: "libopenmpi-dev", mpich: "libmpich-dev" }[library];
  return `longspan-mpi: mpirun is that of ${libraries[library]}, and the addon was not built for it; install its headers (such as ${headers}) and a C++ compiler, then run npm rebuild longspan-mpi`;
}
