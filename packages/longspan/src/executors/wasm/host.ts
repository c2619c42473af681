/** What kernels/wasm.cc exports. Addresses above 2 GiB come out negative. */
export interface KernelExports {
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
  plan(program: number, ints: number, count: number): number;
  run(plan: number, bindings: number): number;
  dropPlan(plan: number): number;
  dropProgram(program: number): number;
  workspaceBytes(): number;
}

/** A compiled module, `WebAssembly.Module`. */
export type CompiledModule = object;

/** The part of the WebAssembly interface that is used; the library is compiled without a browser's or Node's types. */
interface WebAssemblyHost {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => CompiledModule;
  Instance: new (
    module: CompiledModule,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: unknown };
}

const host = (globalThis as unknown as { WebAssembly?: WebAssemblyHost }).WebAssembly;

/** Whether the host can run this module. */
export function isSupported(bytes: Uint8Array): boolean {
  return host?.validate(bytes) ?? false;
}

/** Functions of double precision come from the host: the kernels have no library of their own. */
export function instantiate(source: Uint8Array | CompiledModule): KernelExports {
  if (!host) throw new Error("this host has no WebAssembly");
  const module = source instanceof Uint8Array ? new host.Module(source) : source;
  const { exp, expm1, log, log1p, tanh, sin, cos } = Math;
  return new host.Instance(module, { env: { exp, expm1, log, log1p, tanh, sin, cos } })
    .exports as KernelExports;
}
