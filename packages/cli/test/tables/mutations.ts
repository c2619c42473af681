// Files that are damaged, the same ones every time.

/** Whole numbers below a bound, by mulberry32. */
function drawsOf(seed: number): { below(n: number): number } {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return {
    below(n) {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
    },
  };
}

/** Some bytes replaced, removed, doubled or moved, by the number of the mutation. @param interesting bytes that mean something in the format */
export function mutated(bytes: Uint8Array, number: number, interesting: readonly number[]): Uint8Array {
  const draws = drawsOf(number);
  let out = Array.from(bytes);
  for (let k = 1 + draws.below(4); k > 0; k--) {
    const at = draws.below(out.length);
    const kind = draws.below(5);
    if (kind === 0) out[at] = draws.below(256);
    else if (kind === 1) out[at] = interesting[draws.below(interesting.length)]!;
    else if (kind === 2) out.splice(at, 1 + draws.below(8));
    else if (kind === 3) out.splice(at, 0, ...out.slice(at, at + 1 + draws.below(8)));
    else out = out.slice(0, at);
    if (out.length === 0) return Uint8Array.of();
  }
  return Uint8Array.from(out);
}
