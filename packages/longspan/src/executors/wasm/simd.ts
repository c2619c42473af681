import { isSupported } from "./host.js";

/** Which module a host can run. */
export type SimdKind = "relaxed simd" | "simd";

/** A module with one function from a vector to a vector, whose body is these bytes. */
function probe(...body: readonly number[]): Uint8Array {
  const code = [0, ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...[1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b], // types: v128 -> v128
    ...[3, 2, 1, 0], // functions: one of that type
    ...[10, code.length + 2, 1, code.length, ...code],
  ]);
}

const localGet = [0x20, 0]; // local.get 0
const plain = probe(...localGet, ...localGet, 0xfd, 0xe4, 0x01); // f32x4.add
const relaxed = probe(...localGet, ...localGet, ...localGet, 0xfd, 0x85, 0x02); // f32x4.relaxed_madd

/** The best kind of vectors that this host's WebAssembly has; undefined if it has none. */
export function simdKind(): SimdKind | undefined {
  if (isSupported(relaxed)) return "relaxed simd";
  return isSupported(plain) ? "simd" : undefined;
}
