/**
 * Logits of several rows as logarithms of probabilities, in double precision: logits[i] - ln sum e^logits, row by row.
 * @throws RangeError where a logit is NaN or Infinity
 */
export function logSoftmaxOf(
  what: string,
  logits: ArrayLike<number> & { subarray(begin: number, end: number): ArrayLike<number> },
  vocabulary: number,
): Float64Array {
  const logProbabilities = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += vocabulary)
    logSoftmaxInto(
      what,
      logProbabilities.subarray(at, at + vocabulary),
      logits.subarray(at, at + vocabulary),
    );
  return logProbabilities;
}

/** The same for one row, into memory that is there. */
export function logSoftmaxInto(what: string, out: Float64Array, logits: ArrayLike<number>): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < out.length; i++) {
    if (!(logits[i]! < Number.POSITIVE_INFINITY))
      throw new RangeError(`${what}: the logits are not finite; are the parameters damaged?`);
    if (logits[i]! > most) most = logits[i]!;
  }
  let total = 0;
  for (let i = 0; i < out.length; i++) total += Math.exp(logits[i]! - most);
  const shift = most + Math.log(total);
  for (let i = 0; i < out.length; i++) out[i] = logits[i]! - shift;
}
