import { Key, type StepModel } from "longspan";

/** A step model whose every conditional is drawn at random from the whole past: nothing about it is Markov. Its states are the pasts. */
export function pastModel(
  seed: number,
  vocabulary: number,
  sequences = 1,
  sharpness = 3,
): StepModel<readonly (readonly number[])[]> {
  const say = (state: readonly (readonly number[])[]) => ({
    logProbabilities: Float64Array.from(
      state.flatMap((past) => conditional(seed, past, vocabulary, sharpness)),
    ),
    state,
  });
  return {
    vocabulary,
    sequences,
    // The first entry is the sequence, so that each has its own distribution.
    start: () => say(Array.from({ length: sequences }, (_, s) => [s])),
    step: (state, symbols) => say(state.map((past, row) => [...past, symbols[row]!])),
    select: (state, rows) => Array.from(rows, (row) => state[row]!),
  };
}

/** ln P(. | past). @param sharpness how far apart the logits lie */
export function conditional(
  seed: number,
  past: readonly number[],
  vocabulary: number,
  sharpness = 3,
): number[] {
  let key = Key.of(seed);
  for (const symbol of past) key = key.fold(symbol);
  const weights = Array.from({ length: vocabulary }, (_, i) => {
    const [a] = key.fold(1000 + i).words;
    return Math.exp(sharpness * ((a >>> 0) / 2 ** 32));
  });
  const total = weights.reduce((x, y) => x + y, 0);
  return weights.map((w) => Math.log(w / total));
}

/** ln P of a sequence and its steps, by the chain rule. */
export function logProbability(
  seed: number,
  sequence: number,
  symbols: readonly number[],
  vocabulary: number,
  sharpness = 3,
): number {
  let total = 0;
  symbols.forEach((symbol, t) => {
    total += conditional(seed, [sequence, ...symbols.slice(0, t)], vocabulary, sharpness)[symbol]!;
  });
  return total;
}

/** All sequences of so many symbols. */
export function all(vocabulary: number, length: number): number[][] {
  return length === 0
    ? [[]]
    : all(vocabulary, length - 1).flatMap((s) => Array.from({ length: vocabulary }, (_, i) => [...s, i]));
}
