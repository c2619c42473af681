import { type Imports, importsWith } from "./imports.js";
import type { SharedMemory, ThreadsFound } from "./thread-pool.js";
import { ThreadPool } from "./thread-pool.js";

/** What kernels/wasm.cc exports. Addresses above 2 GiB come out negative. */
export interface KernelExports {
  interfaceVersion?(): number;
  error(): number;
  failure(): number;
  reserve(bytes: number): number;
  release(address: number): void;
  allocate(bytes: number): number;
  address(memory: number): number;
  touch(memory: number): number;
  dropMemory(memory: number): number;
  compile(ints: number, intCount: number, reals: number, realCount: number): number;
  schedule(program: number, ints: number, count: number): number;
  run(scheduled: number, bindings: number): number;
  dropScheduled(scheduled: number): number;
  dropProgram(program: number): number;
  /** Runs use at most so many from now on. @returns the address of what kernels/wasm-threads.h calls the state of the team */
  threads(count: number, leastShared: number): number;
  workspaceBytes(): number;
}

/** A module that was started. */
export interface Started {
  readonly kernels: KernelExports;
  readonly memory: SharedMemory;
  /** Undefined where it runs on one thread. */
  readonly threads: ThreadPool | undefined;
}

interface Instance {
  readonly exports: unknown;
}

/** The parts of a host that are used; the library is compiled without a browser's or Node's types. */
interface Host {
  readonly WebAssembly?: {
    validate(bytes: Uint8Array): boolean;
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: Imports) => Instance;
    readonly Memory: new (limits: object) => SharedMemory;
    instantiate(
      bytes: Uint8Array,
      imports: Imports,
    ): Promise<{ readonly module: object; readonly instance: Instance }>;
  };
  readonly fetch?: (
    address: string,
  ) => Promise<{ ok: boolean; status: number; statusText: string; arrayBuffer(): Promise<ArrayBuffer> }>;
}

const host = globalThis as unknown as Host;

/** Whether the host can run this module. */
export function isSupported(bytes: Uint8Array): boolean {
  return host.WebAssembly?.validate(bytes) ?? false;
}

/** As kernels/wasm.cc has it: a bundle may find a module of another version of the library, which would read programs otherwise. */
const interfaceVersion = 2;

/** @throws Error if it is a module of other sources */
function exportsOf({ exports }: Instance): KernelExports {
  const kernels = exports as KernelExports;
  if (kernels.interfaceVersion?.() !== interfaceVersion)
    throw new Error("a module of another version of longspan");
  return kernels;
}

/** In bytes of UTF-8: the import of the memory, up to the flags of its limits. */
const memoryImport = [6, ...Array.from("memory", (c) => c.charCodeAt(0)), 2];
const [ownMemory, sharedMemory] = [1, 3];

/** A module for memory that is shared: modules are built for memory of one thread, which every host has, and differ in one bit. */
function forThreads(bytes: Uint8Array): Uint8Array {
  const flags = 8 + bytes.findIndex((_, i) => memoryImport.every((b, j) => bytes[i + j] === b));
  // What is no module of ours will not start, and its error says so.
  if (bytes[flags] !== ownMemory) return bytes;
  const shared = Uint8Array.from(bytes);
  shared[flags] = sharedMemory;
  return shared;
}

/** What is needed to start a module, with its memory; `finish` makes the rest of the instance. */
function preparation(bytes: Uint8Array, found: ThreadsFound) {
  const shared = found.memory;
  const memory = shared ?? new host.WebAssembly!.Memory({ initial: 16, maximum: 65536 });
  let start = (_: number): void => {};
  return {
    contents: shared ? forThreads(bytes) : bytes,
    imports: importsWith(memory, (count) => start(count)),
    finish(module: object, instance: Instance): Started {
      const kernels = exportsOf(instance);
      const threads = shared && new ThreadPool(module, found);
      if (threads) start = (count) => threads.start(count, kernels.reserve);
      return { kernels, memory, threads };
    },
  };
}

/** Compiles and starts a module at once. @param found what there is for threads, or why there is nothing */
export function instantiate(bytes: Uint8Array, found: ThreadsFound): Started {
  const { Module, Instance } = host.WebAssembly!;
  const { contents, imports, finish } = preparation(bytes, found);
  const module = new Module(contents);
  return finish(module, new Instance(module, imports));
}

/** The same off the calling thread. */
export async function instantiateLater(bytes: Uint8Array, found: ThreadsFound): Promise<Started> {
  const { contents, imports, finish } = preparation(bytes, found);
  const { module, instance } = await host.WebAssembly!.instantiate(contents, imports);
  return finish(module, instance);
}

/** The contents at an address. @throws Error that says why there are none */
export async function fetchBytes(address: string): Promise<Uint8Array> {
  if (!host.fetch) throw new Error("this host has no fetch");
  const response = await host.fetch(address);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  return new Uint8Array(await response.arrayBuffer());
}
