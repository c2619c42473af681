import { threefry2x32 } from "../threefry.js";
import type { StepRecord } from "./record.js";

/** Uniform numbers in [0, 1) from Threefry-2x32: a function of (key, site, example, node, element). */
export interface Uniform {
  readonly op: "uniform";
  readonly out: number;
  readonly key: number;
  readonly example: number;
  readonly node: number;
  readonly site: number;
}

/** See `Uniform`. */
export const uniform: StepRecord<Uniform> = {
  reads: (s) => [s.key, s.example, s.node],
  print: (s) => `uniform key r${s.key} example r${s.example} node r${s.node} site ${s.site}`,
  run(s, { arrays, sizes }) {
    const [out, key, size] = [arrays[s.out]!, arrays[s.key]!, sizes[s.out]!];
    const [example, node] = [arrays[s.example]!, arrays[s.node]!];
    const words = new Int32Array(2);
    return (_, rows) => {
      for (let r = 0, e = 0; r < rows; r++) {
        threefry2x32(key[2 * r]!, key[2 * r + 1]!, s.site, example[r]!, words, 0);
        const [k0, k1] = [words[0]!, words[1]!];
        for (let q = 0; q < size; q++) {
          threefry2x32(k0, k1, node[r]!, q, words, 0);
          const high = words[0]! >>> 0;
          out[e++] =
            out instanceof Float32Array
              ? (high >>> 8) * 2 ** -24
              : ((high >>> 5) * 2 ** 26 + ((words[1]! >>> 0) >>> 6)) * 2 ** -53;
        }
      }
    };
  },
};
