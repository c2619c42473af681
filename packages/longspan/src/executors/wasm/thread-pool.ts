import {
  fileAddress,
  isFile,
  logicalProcessors,
  nodeRequire,
  startedFile,
  workerThreads,
} from "../loading.js";
import type { ThreadStart } from "./thread.js";

/** Memory that several threads see: as much as 32-bit addresses reach. It grows when it is needed. */
export interface SharedMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB; 0 notices those that another thread has added. */
  grow(pages: number): number;
}

/** A worker, as far as it is used here: in Node.js `on` and `unref` too. */
interface Thread {
  postMessage(message: ThreadStart): void;
  onerror?: ((event: { readonly message?: string; preventDefault?(): void }) => void) | null;
}

interface Host {
  readonly crossOriginIsolated?: boolean;
  readonly SharedArrayBuffer?: new (bytes: number) => ArrayBuffer;
  readonly Worker?: unknown;
  readonly WebAssembly?: {
    readonly Memory: new (limits: object) => SharedMemory;
  };
  readonly Atomics: { wait(array: Int32Array, index: number, value: number, milliseconds: number): string };
}

declare const URL: new (file: string, from: string) => { readonly href: string };
declare const Worker: new (address: object, options: { readonly type: "module" }) => Thread;

const host = globalThis as unknown as Host;

/** Memory for threads and where they are started from; or why this host has none. */
export type ThreadsFound =
  | { readonly memory: SharedMemory; readonly start: () => Thread; readonly reason?: undefined }
  | { readonly memory?: undefined; readonly reason: string };

/**
 * Looks for all that threads need. A page must be cross-origin isolated: otherwise browsers share no memory.
 * @param own the address of the code that runs, undefined in a bundle that is no module
 */
export function findThreads(own: string | undefined): ThreadsFound {
  if (host.crossOriginIsolated === false) return { reason: "this page is not cross-origin isolated" };
  if (!host.SharedArrayBuffer) return { reason: "this host shares no memory among threads" };
  const start = starter(own);
  if (typeof start === "string") return { reason: start };
  try {
    // As kernels/build-wasm.mjs has it, in pages.
    const memory = new host.WebAssembly!.Memory({ initial: 16, maximum: 65536, shared: true });
    return { memory, start };
  } catch (error) {
    return { reason: `no memory of 4 GiB that can be shared: ${(error as Error).message}` };
  }
}

/** What starts a worker; or why there is none. */
function starter(own: string | undefined): (() => Thread) | string {
  const node = workerThreads();
  if (!node) {
    if (!host.Worker) return "this host has no workers";
    // Written out for bundlers, which look for exactly this form.
    return () =>
      new Worker(new URL("./thread.js", (import.meta as unknown as { url: string }).url), { type: "module" });
  }
  const file = threadFile(own);
  if (file === undefined) return `the file of a thread is not beside ${own ?? "the program"}`;
  return () => {
    const worker = new node.Worker(new URL(file, file), { execArgv: [] });
    // The program ends when it has nothing else to do.
    worker.unref();
    const thread: Thread = { postMessage: worker.postMessage.bind(worker), onerror: null };
    worker.on("error", (error) => thread.onerror?.(error as Error));
    return thread;
  };
}

/** In Node.js: beside the library as it was compiled, or in a package that is installed where a bundle lies. */
function threadFile(own: string | undefined): string | undefined {
  const inPackage = "dist/executors/wasm/thread.js";
  const beside = `../../../${inPackage}`;
  if (own !== undefined && isFile(beside, own)) return new URL(beside, own).href;
  const from = own ?? startedFile();
  try {
    const installed = fileAddress(nodeRequire(from)!.resolve("longspan/package.json"));
    return isFile(inPackage, installed) ? new URL(inPackage, installed).href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * How many threads there are by default. Hosts tell logical processors only, and the second one of a core hardly helps: half of them, but
 * two where there are two.
 */
export function coresOf(logical: number): number {
  return Math.min(64, Math.max(1, Math.min(2, logical), Math.floor(logical / 2)));
}

/** Cores that this program may use, by the rule of `coresOf`. */
export const coresHere = (): number => coresOf(logicalProcessors());

/** Whether the calling thread may sleep; a page's own thread may not. */
export function maySleep(): boolean {
  try {
    host.Atomics.wait(new Int32Array(new host.SharedArrayBuffer!(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

const stackBytes = 262_144;

/** Workers that share the memory of a module. They come up by themselves; work that none of them has begun is the caller's. */
export class ThreadPool {
  private readonly threads: Thread[] = [];
  /** Why workers could not be started, if they could not; then the calling thread does their work as well. */
  trouble: string | undefined;

  constructor(
    private readonly module: object,
    private readonly found: Extract<ThreadsFound, { memory: SharedMemory }>,
  ) {}

  /** Starts workers until there are so many. @param reserve memory of the module, in bytes */
  start(count: number, reserve: (bytes: number) => number): void {
    while (this.trouble === undefined && this.threads.length < count) {
      const bottom = reserve(stackBytes) >>> 0;
      try {
        if (bottom === 0) throw new Error("out of memory");
        const thread = this.found.start();
        thread.onerror = (event) => {
          event.preventDefault?.();
          this.fail(event);
        };
        const stack = (bottom + stackBytes) & ~15;
        thread.postMessage({ module: this.module, memory: this.found.memory, stack });
        this.threads.push(thread);
      } catch (error) {
        this.fail(error as Error);
      }
    }
  }

  private fail({ message }: { readonly message?: string }): void {
    this.trouble ??= `threads could not be started, one does all: ${message ?? "their module cannot be loaded"}`;
  }
}
