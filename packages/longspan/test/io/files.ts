import { ReferenceExecutor } from "../../src/executors/reference/index.js";
import { useExecutor } from "../../src/tensor/index.js";

export const executor = new ReferenceExecutor();
useExecutor(executor);

/** A file of a header, given as text or bytes, and data. */
export function file(header: string | Uint8Array, data: ArrayLike<number> = []): Uint8Array {
  const h = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + h.length + data.length);
  new DataView(out.buffer).setUint32(0, h.length, true);
  out.set(h, 8);
  out.set(data, 8 + h.length);
  return out;
}

/** A header's text from `[name, dtype, shape, begin, end]`. */
export function header(
  ...tensors: [name: string, dtype: string, shape: string, begin: number, end: number][]
): string {
  const fields = tensors.map(
    ([name, dtype, shape, begin, end]) =>
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${begin},${end}]}`,
  );
  return `{${fields.join()}}`;
}

/** Whole numbers below `n` from a seed (mulberry32). */
export function random(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}
