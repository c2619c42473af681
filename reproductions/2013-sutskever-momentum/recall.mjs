// Memorisation as the paper judges it: by the symbols to be repeated and not by the blanks before them, with centred targets.

/**
 * @param problem a problem of classes that is scored at every step, all sequences of a batch of one length
 * @param symbols how many steps at the end of a sequence are scored
 * @param values the classes that occur there, which are the first ones
 * @returns a problem whose samples have `targets` [symbols of all sequences, values], one-hot with the mean taken away, and the
 * classes themselves as `symbols`
 */
export function recall(problem, symbols, values) {
  // It counts sequences by all their steps.
  const { wrong: _, ...facts } = problem;
  return {
    ...facts,
    output: values,
    sample(key, number, count) {
      const sample = problem.sample(key, number, count);
      const { positions } = sample.structure.parts;
      const first = sample.structure.nodes / count - symbols;
      const scored = sample.scored.filter((row) => positions[row] >= first);
      const classes = scored.map((row) => sample.targets[row]);
      const targets = new Float32Array(classes.length * values).fill(-1 / values);
      for (const [place, c] of classes.entries()) targets[place * values + c] += 1;
      return { ...sample, scored, targets, symbols: classes };
    },
  };
}

/** Counts symbols whose output is not the largest. */
export function wrongSymbols(outputs, { symbols }) {
  const values = outputs.length / symbols.length;
  return symbols.reduce((wrong, target, place) => {
    const own = outputs.subarray(place * values, (place + 1) * values);
    return own.indexOf(Math.max(...own)) === target ? wrong : wrong + 1;
  }, 0);
}
