import type { Executor } from "../program/index.js";

/** An executor, and why it is not a better one; or why there is none. */
export type Loaded<E extends Executor = Executor> =
  | { readonly executor: E; readonly reason?: undefined; readonly note?: string }
  | { readonly executor?: undefined; readonly reason: string; readonly note?: undefined };

interface NodeProcess {
  readonly env?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

const host = (globalThis as { process?: NodeProcess }).process;

/** Node's `require` for files relative to a module; undefined elsewhere. The library imports no Node module, so as to load in browsers. */
export function nodeRequire(from: string): ((file: string) => unknown) | undefined {
  const module = host?.getBuiltinModule?.("node:module") as
    | { createRequire(from: string): (file: string) => unknown }
    | undefined;
  return module?.createRequire(from);
}

/** Whether this host reads files. */
export const hasFiles = host?.getBuiltinModule !== undefined;

/** The bytes of a file, where there are files and this is one. */
export function readBuilt(file: () => unknown): Uint8Array | undefined {
  const fs = host?.getBuiltinModule?.("node:fs") as { readFileSync(file: unknown): Uint8Array } | undefined;
  try {
    return fs?.readFileSync(file());
  } catch {
    return undefined;
  }
}

/** A setting from the environment, where there is one. */
export function setting(name: string): string | undefined {
  return host?.env?.[name];
}
