import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { check, text } from "../check/index.js";
import { onFile } from "./file-error.js";
import { makeFolder } from "./make-folder.js";
import { isRunning, startOf } from "./processes.js";

/** A folder that another process is writing to. */
export class FolderInUseError extends Error {
  override name = "FolderInUseError";

  constructor(
    readonly path: string,
    readonly holder: string,
    lockFile: string,
  ) {
    super(
      `${path} is in use by ${holder}; wait for it to end or choose another folder (if it is gone, delete ${lockFile})`,
    );
  }
}

/** A folder held by this process. */
export interface FolderLock {
  readonly path: string;
  /** Lets others have it. */
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, as the system tells it, so that a later process of the same number is not taken for it. */
  readonly started: string | null;
}

/** How long a process that may be about to end is waited for, in milliseconds. */
const patience = 1000;

/**
 * Holds a folder, which is made if need be, against other processes that do the same. The lock of a process that was killed is
 * taken over; one that is alive is given a second to end, since a kill or Ctrl-C a moment ago takes time.
 * @throws FolderInUseError naming the process that holds it
 * @throws FileError if the folder cannot be made or written to
 * @example
 * const { tmpdir } = await import("node:os");
 * const lock = lockFolder(`${tmpdir()}/longspan-lock-example`);
 * lock.release();
 */
export function lockFolder(path: string): FolderLock {
  check("lockFolder", "path", path, text);
  makeFolder(path);
  const file = join(path, ".lock");
  const own: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  for (let attempt = 0; ; attempt++) {
    if (create(path, file, own)) break;
    const holder = read(file);
    if (holder !== null && staysThere(holder)) throw inUse(path, file, holder);
    // Two processes may find the same dead lock: the one that moves it away looks again at what it has moved.
    const moved = `${file}.${process.pid}`;
    try {
      renameSync(file, moved);
    } catch {
      if (attempt < 10) continue;
      throw inUse(path, file, holder);
    }
    const taken = read(moved);
    if (taken !== null && isThere(taken)) {
      try {
        linkSync(moved, file);
      } catch {}
      rmSync(moved, { force: true });
      throw inUse(path, file, taken);
    }
    rmSync(moved, { force: true });
  }
  sweep(path);
  return { path, release: () => rmSync(file, { force: true }) };
}

/** Removes what processes that were killed had moved away. */
function sweep(path: string): void {
  for (const name of readdirSync(path)) {
    const mover = /^\.lock\.(\d+)$/.exec(name);
    if (mover && !isRunning(Number(mover[1]))) rmSync(join(path, name), { force: true });
  }
}

function create(path: string, file: string, own: Holder): boolean {
  return onFile("write to", path, () => {
    let handle: number;
    try {
      handle = openSync(file, "wx");
    } catch (error) {
      if ((error as { code?: string }).code === "EEXIST") return false;
      throw error;
    }
    try {
      writeSync(handle, JSON.stringify(own));
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(handle);
    }
    return true;
  });
}

/** Null if there is no lock, or one that was cut short by a crash. */
function read(file: string): Holder | null {
  try {
    const found = JSON.parse(readFileSync(file, "utf8")) as Partial<Holder>;
    const { pid, host, started = null } = found;
    return typeof pid === "number" && typeof host === "string" ? { pid, host, started } : null;
  } catch {
    return null;
  }
}

/** Of a process on another machine nothing is known, so it is taken to be there. */
function isThere({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  if (!isRunning(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || now === started;
}

/** Waits for a process that is about to end, as after a kill or Ctrl-C a moment ago. Returns whether it is there to stay. */
function staysThere(holder: Holder): boolean {
  if (holder.host !== hostname() || holder.pid === process.pid) return isThere(holder);
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; isThere(holder); waited += 20) {
    if (waited >= patience) return true;
    Atomics.wait(clock, 0, 0, 20);
  }
  return false;
}

function inUse(path: string, file: string, holder: Holder | null): FolderInUseError {
  const where = holder && holder.host !== hostname() ? ` on ${holder.host}` : "";
  return new FolderInUseError(path, holder ? `process ${holder.pid}${where}` : "another process", file);
}
