/** A symbol that may come next. */
export interface NextSymbol {
  /** As the vocabulary has it. */
  readonly symbol: string;
  readonly probability: number;
}

/**
 * The most probable symbols, the first of equals first: one pass, since an answer is due at each step.
 * @throws RangeError if the logits are not finite
 */
export function mostProbable(
  what: string,
  logits: ArrayLike<number>,
  top: number,
  symbols: readonly string[],
): NextSymbol[] {
  const best: number[] = [];
  let sum = 0;
  for (let s = 0; s < logits.length; s++) {
    if (!Number.isFinite(logits[s]))
      throw new RangeError(`${what}: the logits are not finite; are the parameters damaged?`);
    // Against the largest one so far, so that nothing overflows.
    const most = best.length === 0 ? logits[s]! : logits[best[0]!]!;
    if (logits[s]! > most) sum = sum * Math.exp(most - logits[s]!) + 1;
    else sum += Math.exp(logits[s]! - most);
    let at = best.length;
    while (at > 0 && logits[s]! > logits[best[at - 1]!]!) at -= 1;
    if (at >= top) continue;
    best.splice(at, 0, s);
    if (best.length > top) best.pop();
  }
  return best.map((s) => ({
    symbol: symbols[s]!,
    probability: Math.exp(logits[s]! - logits[best[0]!]!) / sum,
  }));
}
