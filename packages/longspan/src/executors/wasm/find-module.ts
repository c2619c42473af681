import { fileAddress, nodeRequire, readFile, startedFile } from "../loading.js";
import type { SimdKind } from "./simd.js";

declare const URL: new (file: string, from: string) => { readonly href: string };

/** Names of the two modules. */
const moduleFiles: Readonly<Record<SimdKind, string>> = {
  "relaxed simd": "longspan-relaxed.wasm",
  simd: "longspan.wasm",
};

/** The bytes of a module and their address; or why there are none. */
export type Found =
  | { readonly bytes: Uint8Array; readonly address: string; readonly reason?: undefined }
  | { readonly bytes?: undefined; readonly reason: string };

/**
 * Reads a module from the disk: where the library was installed; or, since the library may be part of a bundle, beside the bundle, and
 * in the package that is installed where the bundle lies.
 * @param installed where the module is if the library is not bundled
 * @param own the address of the code that runs, undefined in a bundle that is no module
 */
export function findModule(
  kind: SimdKind,
  installed: () => { readonly href: string },
  own: string | undefined,
): Found {
  const file = moduleFiles[kind];
  const from = own ?? startedFile();
  const candidates = [
    () => installed().href,
    () => new URL(file, own ?? fileAddress(from!)).href,
    () => fileAddress(nodeRequire(from)!.resolve(`longspan/${file}`)),
  ];
  let refused = "";
  for (const candidate of candidates) {
    try {
      const address = candidate();
      return { bytes: readFile(address), address };
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      // What is there and must not be read, as in Deno, is another matter than what is not there.
      if (/^(EACCES|EPERM)$/.test(code ?? "") || (error as Error).name === "NotCapable") refused ||= message;
    }
  }
  if (refused) return { reason: `${file} cannot be read: ${refused.split("\n")[0]}` };
  return {
    reason: `${file} is neither beside ${from ?? "the program"} nor in a package installed there; copy longspan.wasm and longspan-relaxed.wasm beside it, or give them to loadWasmExecutor`,
  };
}
