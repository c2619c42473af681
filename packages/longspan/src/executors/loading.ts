import type { Executor } from "../program/index.js";

/** An executor, or why there is none. */
export type Loaded<E extends Executor = Executor> =
  | { readonly executor: E; readonly reason?: undefined }
  | { readonly executor?: undefined; readonly reason: string };

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

/** The bytes of a file beside a module, where there is a file system and such a file. */
export function readBuilt(from: string, file: string): Uint8Array | undefined {
  const fs = host?.getBuiltinModule?.("node:fs") as { readFileSync(url: unknown): Uint8Array } | undefined;
  const Url = (globalThis as { URL?: new (file: string, from: string) => unknown }).URL;
  if (!fs || !Url) return undefined;
  try {
    return fs.readFileSync(new Url(file, from));
  } catch {
    return undefined;
  }
}

/** A setting from the environment, where there is one. */
export function setting(name: string): string | undefined {
  return host?.env?.[name];
}
