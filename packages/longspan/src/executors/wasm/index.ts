import { KernelExecutor } from "../kernels/kernel-executor.js";
import { hasFiles, type Loaded, readFile } from "../loading.js";
import type { Threaded } from "../threads.js";
import { findModule } from "./find-module.js";
import { fetchBytes, instantiate, instantiateLater, type Started } from "./host.js";
import { type SimdKind, simdKind } from "./simd.js";
import { coresHere, findThreads, type ThreadPool, type ThreadsFound } from "./thread-pool.js";
import { WasmKernels, type WasmMemory } from "./wasm-kernels.js";

/** The WebAssembly executor: the same kernels with 128-bit vectors, wherever there is no addon. On one thread. */
export class WasmExecutor extends KernelExecutor<WasmMemory> {}

/** The same on several threads, which are workers of the host. The rules are those of the native executor's threads. */
export class ThreadedWasmExecutor extends WasmExecutor implements Threaded {
  readonly cores = coresHere();
  private count = 1;
  private least = 50_000;

  constructor(
    readonly wasm: WasmKernels,
    private readonly workers: ThreadPool,
  ) {
    super("wasm", wasm);
    this.threads = 1;
  }

  get threads(): number {
    return this.count;
  }

  set threads(count: number) {
    this.wasm.share(count, this.least);
    this.count = count;
  }

  /** Work is shared only where one thread of the native executor would take so many nanoseconds, by a rough guess. */
  get leastShared(): number {
    return this.least;
  }

  set leastShared(nanoseconds: number) {
    this.wasm.share(this.count, nanoseconds);
    this.least = nanoseconds;
  }

  /** Pieces of work that other threads than the caller's have done. */
  get helped(): number {
    return this.wasm.helped;
  }

  get trouble(): string | undefined {
    return this.workers.trouble;
  }
}

/** The two modules, built from one source. Only the one that the host can run best is looked at. */
export interface WasmModules {
  readonly plain: ModuleAddress;
  readonly relaxed: ModuleAddress;
}

/**
 * Where a module is: a `URL` or the text of one, where there are files also a path; or its bytes. In Node.js `file:` addresses and paths
 * are read from the disk.
 */
export type ModuleAddress = string | { readonly href: string } | Uint8Array | ArrayBuffer;

declare const URL: new (file: string, from: string) => { readonly href: string };

/**
 * Where the modules lie beside the library. Written out for bundlers, which look for exactly this form and put the files beside
 * the bundle; a function, since a bundle that is no module has no address and must start all the same.
 */
const beside = () => ({
  plain: new URL("../../../build/longspan.wasm", (import.meta as unknown as { url: string }).url),
  relaxed: new URL("../../../build/longspan-relaxed.wasm", (import.meta as unknown as { url: string }).url),
});

const moduleIn = <M>(modules: { readonly plain: M; readonly relaxed: M }, kind: SimdKind) =>
  kind === "relaxed simd" ? modules.relaxed : modules.plain;

const noSimd = "this host's WebAssembly has no SIMD";

function loaded(started: Started, found: ThreadsFound, kind: SimdKind): Loaded<WasmExecutor> {
  const kernels = new WasmKernels(started, kind);
  const executor = started.threads
    ? new ThreadedWasmExecutor(kernels, started.threads)
    : new WasmExecutor("wasm", kernels);
  const notes = [
    ...(found.reason === undefined ? [] : [`one thread: ${found.reason}`]),
    ...(kind === "simd" ? ["this host has no relaxed simd"] : []),
  ];
  return notes.length > 0 ? { executor, note: notes.join("; ") } : { executor };
}

/** Loads the WebAssembly executor from the files beside the library; with relaxed SIMD where the host has it. */
export function loadWasm(): Loaded<WasmExecutor> {
  const kind = simdKind();
  if (!kind) return { reason: noSimd };
  if (!hasFiles) return { reason: "not loaded; await loadWasmExecutor() fetches it" };
  const { url } = import.meta as unknown as { url: string | undefined };
  const found = findModule(kind, () => moduleIn(beside(), kind), url);
  if (!found.bytes) return { reason: found.reason };
  try {
    const threads = findThreads(url);
    return loaded(instantiate(found.bytes, threads), threads, kind);
  } catch (error) {
    return { reason: doesNotLoad(found.address, error) };
  }
}

const doesNotLoad = (what: string, error: unknown) => `${what} does not load: ${(error as Error).message}`;

/** The same from addresses or bytes, compiled off the calling thread: on a page's own thread, browsers refuse to do it at once. */
export async function fetchWasm(modules?: WasmModules): Promise<Loaded<WasmExecutor>> {
  const kind = simdKind();
  if (!kind) return { reason: noSimd };
  let text = `the module for ${kind}`;
  try {
    const chosen: ModuleAddress = moduleIn<ModuleAddress>(modules ?? beside(), kind);
    const bytes = bytesIn(chosen);
    if (!bytes) text = typeof chosen === "string" ? chosen : (chosen as { href: string }).href;
    const contents = bytes ?? (isOnDisk(text) ? readFile(text) : await fetchBytes(text));
    const threads = findThreads((import.meta as unknown as { url: string | undefined }).url);
    return loaded(await instantiateLater(contents, threads), threads, kind);
  } catch (error) {
    return { reason: doesNotLoad(text, error) };
  }
}

/** A path has no scheme; one letter and a colon are a drive. */
const isOnDisk = (address: string) =>
  hasFiles && (/^file:/i.test(address) || !/^[a-z][a-z\d+.-]+:/i.test(address));

function bytesIn(module: ModuleAddress): Uint8Array | undefined {
  if (module instanceof ArrayBuffer) return new Uint8Array(module);
  return ArrayBuffer.isView(module)
    ? new Uint8Array(module.buffer, module.byteOffset, module.byteLength)
    : undefined;
}

/** Checks what a caller gave as modules. @throws TypeError that names what is wrong */
export function checkModules(modules: WasmModules, where: string): void {
  if (typeof modules !== "object" || modules === null)
    throw new TypeError(`${where}: ${String(modules)} is no record of modules; expected { plain, relaxed }`);
  for (const name of Object.keys(modules))
    if (name !== "plain" && name !== "relaxed")
      throw new TypeError(`${where}: no module "${name}"; there are plain and relaxed`);
  for (const name of ["plain", "relaxed"] as const) {
    const module = modules[name];
    const known = typeof module === "string" ? module !== "" : typeof module?.["href" as never] === "string";
    if (known || bytesIn(module)) continue;
    const what =
      module === undefined ? `${name} is missing` : `${name} is ${module === "" ? "empty" : String(module)}`;
    throw new TypeError(`${where}: ${what}; expected the address of a module or its bytes`);
  }
}
