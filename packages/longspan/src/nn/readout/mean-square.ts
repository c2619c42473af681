import type { ReadoutSums } from "./readout-sums.js";

/** The mean diagonal element of X'X about the means: the squares of a feature over all rows, summed. What ridges are measured by. */
export function meanSquare({ features, outputs, products, triangle }: ReadoutSums): number {
  let squares = 0;
  if (products !== null)
    for (let i = 0; i < features; i++) squares += products.sums[i * (features + outputs + 1)]!;
  else {
    const { n, rows } = triangle!;
    const first = n - features;
    for (let i = first; i < n; i++) for (let j = i; j < n; j++) squares += rows[i * (n + outputs) + j]! ** 2;
  }
  return squares / features;
}
