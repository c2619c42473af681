// What the twins of memories are written in: numbers and lists of them.

export const softplus = (x: number) => Math.log1p(Math.exp(x));
export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
export const oneplus = (x: number) => 1 + softplus(x);
export const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);
export const length = (v: readonly number[]) => Math.sqrt(sum(v.map((x) => x * x)));
export const softmax = (scores: readonly number[]) => {
  const exponents = scores.map((s) => Math.exp(s));
  return exponents.map((e) => e / sum(exponents));
};

/** The cosine of the angle between two vectors; 0 if one is zero. */
export const cosine = (a: readonly number[], b: readonly number[]) =>
  sum(a.map((x, j) => x * b[j]!)) / ((length(a) || 1) * (length(b) || 1));

/** Weights to a power, and back to the sum 1. */
export function sharpened(weights: readonly number[], gamma: number): number[] {
  const powers = weights.map((w) => (w > 0 ? w ** gamma : 0));
  return powers.map((p) => p / (sum(powers) || 1));
}

/** Takes numbers from a list, from its start on. */
export function taker(list: readonly number[]): (n: number) => number[] {
  let at = 0;
  return (n) => {
    at += n;
    return list.slice(at - n, at);
  };
}
