import type { Executor } from "../program/index.js";

/** An executor, and why it is not a better one; or why there is none. */
export type Loaded<E extends Executor = Executor> =
  | {
      readonly executor: E;
      readonly reason?: undefined;
      readonly note?: string;
      readonly refused?: undefined;
    }
  | {
      readonly executor?: undefined;
      readonly reason: string;
      readonly note?: undefined;
      /** A setting asked for what there is not: no slower executor takes its place. */
      readonly refused?: true;
    };

interface Files {
  readFileSync(file: string | { readonly href: string }): Uint8Array;
  existsSync(file: { readonly href: string }): boolean;
}

/** Node's `require` for files relative to a place. */
interface Require {
  (file: string): unknown;
  resolve(name: string): string;
}

interface Host {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly argv?: readonly string[];
    readonly platform?: string;
    readonly arch?: string;
    getBuiltinModule?(name: string): unknown;
  };
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly Deno?: {
    readonly permissions?: {
      querySync?(permission: { name: "env"; variable: string }): { readonly state: string };
    };
  };
}

declare const URL: new (file: string, from?: string) => { readonly href: string };

const host = globalThis as Host;

/** A module of Node.js, which the library does not import, so as to load in browsers. */
const builtin = (name: string): unknown => host.process?.getBuiltinModule?.(name);
const files = () => builtin("node:fs") as Files | undefined;

/** Whether this host reads files. */
export const hasFiles = host.process?.getBuiltinModule !== undefined;

/** Node's module of threads, as far as it is used. */
interface WorkerThreads {
  readonly Worker: new (
    file: object,
    options: { readonly execArgv: readonly string[] },
  ) => {
    postMessage(message: unknown): void;
    on(event: "error", heard: (error: unknown) => void): void;
    unref(): void;
  };
  readonly parentPort: { once(event: "message", heard: (data: never) => void): void } | null;
}

/** Node's threads; undefined in browsers. */
export const workerThreads = () => builtin("node:worker_threads") as WorkerThreads | undefined;

/** How many threads the processors that this program may use run at once. */
export function logicalProcessors(): number {
  const os = builtin("node:os") as { availableParallelism(): number } | undefined;
  return os?.availableParallelism() ?? host.navigator?.hardwareConcurrency ?? 1;
}

/** What this program runs on, as Node.js calls it. */
export function platform(): { readonly system: string; readonly processor: string } {
  return { system: host.process?.platform ?? "unknown", processor: host.process?.arch ?? "unknown" };
}

/** Node's `require` for files relative to a module; undefined elsewhere. @param from its address or path */
export function nodeRequire(from: string | undefined): Require | undefined {
  const module = builtin("node:module") as { createRequire(from: string): Require } | undefined;
  return from === undefined ? undefined : module?.createRequire(from);
}

/** Whether there is a file at a place relative to a module, as far as this program may know. */
export function isFile(file: string, from: string | undefined): boolean {
  try {
    return from !== undefined && (files()?.existsSync(new URL(file, from)) ?? false);
  } catch {
    return false;
  }
}

/** The bytes of a file, by its path or its address. @throws Error that says why there are none */
export function readFile(file: string | { readonly href: string }): Uint8Array {
  const fs = files();
  if (!fs) throw new Error("this host reads no files");
  const address = typeof file === "string" && /^file:/i.test(file) ? new URL(file) : file;
  return fs.readFileSync(address);
}

/** The address of a file. */
export function fileAddress(path: string): string {
  return (builtin("node:url") as { pathToFileURL(path: string): { readonly href: string } }).pathToFileURL(
    path,
  ).href;
}

/** The path of the file that the process was started with, if it was. */
export function startedFile(): string | undefined {
  return host.process?.argv?.[1];
}

/**
 * A setting from the environment. Undefined if it is empty, and where there is no environment or this program may not read it: Deno would
 * stop and ask.
 */
export function setting(name: string): string | undefined {
  try {
    const asked = host.Deno?.permissions?.querySync?.({ name: "env", variable: name });
    if (asked && asked.state !== "granted") return undefined;
    return host.process?.env?.[name]?.trim() || undefined;
  } catch {
    return undefined;
  }
}
