import { check, integerIn, oneOf } from "../check/index.js";
import type { Executor } from "../program/index.js";
import { recordable } from "../recording/index.js";
import { hasFiles, type Loaded, setting } from "./loading.js";
import { type InstructionSetSpeed, loadNative } from "./native/index.js";
import { ReferenceExecutor } from "./reference/index.js";
import { isThreaded, threadCount } from "./threads.js";
import { checkModules, fetchWasm, loadWasm, type WasmModules } from "./wasm/index.js";

/** Names of executors, fastest first. */
export type ExecutorName = "native" | "wasm" | "reference";

const loaders: Record<ExecutorName, () => Loaded> = {
  native: () => loadNative(setting("LONGSPAN_INSTRUCTIONS")),
  wasm: loadWasm,
  reference: () => ({ executor: new ReferenceExecutor() }),
};

const loaded = new Map<ExecutorName, Loaded>();

function load(name: ExecutorName): Loaded {
  let l = loaded.get(name);
  if (!l) {
    // A number that is none is an error on executors of one thread, too.
    chosenThreads();
    l = keep(name, loaders[name]());
  }
  return l;
}

function keep(name: ExecutorName, l: Loaded): Loaded {
  loaded.set(name, l);
  if (l.executor && isThreaded(l.executor)) l.executor.threads = chosenThreads() ?? l.executor.cores;
  return l;
}

let threadsWanted: number | undefined;

function chosenThreads(): number | undefined {
  const set = setting("LONGSPAN_THREADS");
  return threadsWanted ?? (set === undefined ? undefined : threadCount(set, "LONGSPAN_THREADS"));
}

/**
 * Sets how many threads programs run on from now on, on executors that have several: the native one, and WebAssembly where
 * its memory can be shared (in Node.js, and in pages that are cross-origin isolated). Unless it is called, so many as
 * the environment variable LONGSPAN_THREADS says, else one per physical core that the process may use (for WebAssembly, which cannot
 * know cores: half of the logical processors, but two where there are two). Results are the same, bit for bit, for the same number; with another number, sums over rows are formed in another order.
 *
 * @throws RangeError if `count` is not a whole number from 1 to 64
 * @example
 * useThreads(1);
 * executorReport()[0]!.threads // 1 where the native executor is available
 */
export function useThreads(count: number): void {
  check("useThreads", "count", count, integerIn(1, 64));
  threadsWanted = threadCount(count, "useThreads");
  for (const { executor: e } of loaded.values()) if (e && isThreaded(e)) e.threads = threadsWanted;
}

/**
 * The executor with this name, always the same one.
 * @throws Error if there is no such executor, or if it is not available here, saying why
 * @example executor("reference").name // reference
 */
export function executor(name: string): Executor {
  check("executor", "name", name, oneOf(...Object.keys(loaders)));
  const l = load(name as ExecutorName);
  if (!l.executor) throw new Error(`the ${name} executor is not available here: ${l.reason}`);
  return recordable(l.executor);
}

/**
 * The WebAssembly executor, also where the library does not find its own files, as in browsers and in bundles: there its module is
 * fetched or read, the one with relaxed SIMD if the host has that. Make it the default with `useExecutor` before the first tensor is
 * made.
 * @param modules where the two modules are, or their bytes, if they are not where the library was installed (`build/longspan.wasm` and
 * `build/longspan-relaxed.wasm`). Only one of them is looked at; neither, if the executor is there already.
 * @throws TypeError if `modules` are none
 * @throws Error if the executor cannot be had here, saying why
 * @example
 * useExecutor(await loadWasmExecutor());
 * defaultExecutor().name // wasm
 */
export async function loadWasmExecutor(modules?: WasmModules): Promise<Executor> {
  if (modules !== undefined) checkModules(modules, "loadWasmExecutor");
  // What lies on the disk has been looked for.
  if (!load("wasm").executor && (modules !== undefined || !hasFiles)) {
    const fetched = await fetchWasm(modules);
    // Another call may have been faster: there is one executor of this name.
    if (!load("wasm").executor) keep("wasm", fetched);
  }
  return executor("wasm");
}

/**
 * The executor that the environment variable LONGSPAN_EXECUTOR names, else the fastest that is available. Where files are read and
 * only the reference is left, a line on stderr says so and why.
 * @throws Error if what a variable of the environment names is not available
 */
export function chooseExecutor(): Executor {
  chosenThreads();
  const wanted = setting("LONGSPAN_EXECUTOR");
  if (wanted) {
    if (!Object.hasOwn(loaders, wanted))
      throw new Error(
        `LONGSPAN_EXECUTOR=${wanted}: no executor "${wanted}"; there is ${Object.keys(loaders).join(", ")}`,
      );
    try {
      return executor(wanted);
    } catch (error) {
      throw new Error(`LONGSPAN_EXECUTOR=${wanted}: ${(error as Error).message}`);
    }
  }
  for (const name of Object.keys(loaders) as ExecutorName[]) {
    const l = load(name);
    if (l.refused) throw new Error(`LONGSPAN_INSTRUCTIONS: ${l.reason}`);
    if (l.executor && name === "reference" && hasFiles) warnOfReference();
    if (l.executor) return recordable(l.executor);
  }
  throw new Error("no executor is available");
}

declare const console: { warn(line: string): void };

function warnOfReference(): void {
  console.warn(
    `longspan: programs run on the reference executor, which is many times slower than WebAssembly: ${load("wasm").reason}`,
  );
}

/** One executor of `executorReport`. */
export interface ExecutorStatus {
  readonly name: ExecutorName;
  readonly available: boolean;
  /** Why it is not available; or which kernels it uses, on how many threads, and why not faster ones. */
  readonly detail: string;
  /** On how many threads it runs programs; 0 if it is not available. */
  readonly threads: number;
  /** What each instruction set reached in a short product on one thread, newest first; only where there is a choice. */
  readonly instructionSets?: readonly InstructionSetSpeed[];
}

/**
 * Which executors there are, fastest first, and why those that are missing are.
 * @example executorReport().map((e) => e.name) // [ 'native', 'wasm', 'reference' ]
 */
export function executorReport(): ExecutorStatus[] {
  return (Object.keys(loaders) as ExecutorName[]).map((name) => {
    const { executor: e, reason, note } = load(name);
    if (!e) return { name, available: false, detail: reason, threads: 0 };
    const threads = isThreaded(e) ? e.threads : 1;
    let detail = (e as { kernels?: { instructionSet: string } }).kernels?.instructionSet ?? "TypeScript";
    if (isThreaded(e)) detail += `, ${threads} thread${threads === 1 ? "" : "s"}`;
    if (isThreaded(e) && e.trouble !== undefined) detail += `; ${e.trouble}`;
    if (note !== undefined) detail += `; ${note}`;
    const trials = (e as { trials?: readonly InstructionSetSpeed[] }).trials ?? [];
    return { name, available: true, detail, threads, ...(trials.length > 0 && { instructionSets: trials }) };
  });
}
