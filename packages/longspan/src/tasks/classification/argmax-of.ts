/** The index of the first greatest of so many numbers from an offset on, counted from there. */
export function argmaxOf(numbers: ArrayLike<number>, offset: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (numbers[offset + i]! > numbers[offset + best]!) best = i;
  return best;
}

/** softmax of so many logits from an offset on. */
export function softmaxOf(logits: ArrayLike<number>, offset: number, count: number): number[] {
  const most = logits[offset + argmaxOf(logits, offset, count)]!;
  const all = Array.from({ length: count }, (_, i) => Math.exp(logits[offset + i]! - most));
  const total = all.reduce((a, b) => a + b, 0);
  return all.map((e) => e / total);
}
