/** A quantile of numbers in order: between the two neighbours. */
export function empiricalQuantile(sorted: Float64Array, level: number): number {
  const position = Math.min(sorted.length - 1, Math.max(0, level * sorted.length - 0.5));
  const below = Math.floor(position);
  const next = sorted[Math.min(sorted.length - 1, below + 1)]!;
  return sorted[below]! + (position - below) * (next - sorted[below]!);
}
