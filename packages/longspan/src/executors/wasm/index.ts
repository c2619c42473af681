import { KernelExecutor } from "../kernels/kernel-executor.js";
import { hasFiles, type Loaded, readBuilt } from "../loading.js";
import { fetchBytes, instantiate, instantiateLater } from "./host.js";
import { type SimdKind, simdKind } from "./simd.js";
import { WasmKernels, type WasmMemory } from "./wasm-kernels.js";

/** The WebAssembly executor: the same kernels with 128-bit vectors, on one thread, wherever there is no addon. */
export class WasmExecutor extends KernelExecutor<WasmMemory> {}

/** The two modules, built from one source: a `URL`, or the text of one. */
export interface WasmModules {
  readonly plain: ModuleAddress;
  readonly relaxed: ModuleAddress;
}

/** Where a module is. */
export type ModuleAddress = string | { readonly href: string };

declare const URL: new (file: string, from: string) => { readonly href: string };

/**
 * Where the modules lie beside the library. Written out for bundlers, which look for exactly this form and put the files beside
 * the bundle; a function, since a bundle that is no module has no address and must start all the same.
 */
const beside = (): WasmModules => ({
  plain: new URL("../../../build/longspan.wasm", (import.meta as unknown as { url: string }).url),
  relaxed: new URL("../../../build/longspan-relaxed.wasm", (import.meta as unknown as { url: string }).url),
});

const addressIn = (modules: WasmModules, kind: SimdKind) =>
  kind === "relaxed simd" ? modules.relaxed : modules.plain;

const noSimd = "this host's WebAssembly has no SIMD";

function loaded(kernels: WasmKernels): Loaded<WasmExecutor> {
  const executor = new WasmExecutor("wasm", kernels);
  return kernels.instructionSet === "simd"
    ? { executor, note: "this host has no relaxed simd" }
    : { executor };
}

/** Loads the WebAssembly executor from the files beside the library; with relaxed SIMD where the host has it. */
export function loadWasm(): Loaded<WasmExecutor> {
  const kind = simdKind();
  if (!kind) return { reason: noSimd };
  if (!hasFiles) return { reason: "not loaded; await loadWasmExecutor() fetches it" };
  const bytes = readBuilt(() => addressIn(beside(), kind));
  if (!bytes) return { reason: "the module was not built" };
  return loaded(new WasmKernels(instantiate(bytes), kind));
}

/** The same from addresses, compiled off the calling thread: on a page's own thread, browsers refuse to do it at once. */
export async function fetchWasm(modules?: WasmModules): Promise<Loaded<WasmExecutor>> {
  const kind = simdKind();
  if (!kind) return { reason: noSimd };
  let text = `the module for ${kind}`;
  try {
    const address = addressIn(modules ?? beside(), kind);
    text = typeof address === "string" ? address : address.href;
    return loaded(new WasmKernels(await instantiateLater(await fetchBytes(text)), kind));
  } catch (error) {
    return { reason: `${text} does not load: ${(error as Error).message}` };
  }
}
