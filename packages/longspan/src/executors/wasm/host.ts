import { binaryCodes, unaryCodes } from "../../program/index.js";

/** What kernels/wasm.cc exports. Addresses above 2 GiB come out negative. */
export interface KernelExports {
  interfaceVersion?(): number;
  readonly memory: { readonly buffer: ArrayBuffer };
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
  workspaceBytes(): number;
}

type Imports = Record<string, Record<string, unknown>>;
interface Instance {
  readonly exports: unknown;
}

/** The parts of a host that are used; the library is compiled without a browser's or Node's types. */
interface Host {
  readonly WebAssembly?: {
    validate(bytes: Uint8Array): boolean;
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: Imports) => Instance;
    instantiate(bytes: Uint8Array, imports: Imports): Promise<{ readonly instance: Instance }>;
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

/** Functions of double precision come from the table of codes: the kernels have no library of their own. */
const env = Object.fromEntries(
  [...Object.entries(unaryCodes), ...Object.entries(binaryCodes)].map(([name, row]) => [name, row.of]),
);
const imports: Imports = { env };

/** As kernels/wasm.cc has it: a bundle may find a module of another version of the library, which would read programs otherwise. */
const interfaceVersion = 1;

/** @throws Error if it is a module of other sources */
function exportsOf({ exports }: Instance): KernelExports {
  const kernels = exports as KernelExports;
  if (kernels.interfaceVersion?.() !== interfaceVersion)
    throw new Error("a module of another version of longspan");
  return kernels;
}

/** Compiles and starts a module at once. */
export function instantiate(bytes: Uint8Array): KernelExports {
  const { Module, Instance } = host.WebAssembly!;
  return exportsOf(new Instance(new Module(bytes), imports));
}

/** The same off the calling thread. */
export async function instantiateLater(bytes: Uint8Array): Promise<KernelExports> {
  const { instance } = await host.WebAssembly!.instantiate(bytes, imports);
  return exportsOf(instance);
}

/** The contents at an address. @throws Error that says why there are none */
export async function fetchBytes(address: string): Promise<Uint8Array> {
  if (!host.fetch) throw new Error("this host has no fetch");
  const response = await host.fetch(address);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  return new Uint8Array(await response.arrayBuffer());
}
