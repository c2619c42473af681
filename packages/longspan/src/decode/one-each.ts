import { type Decoded, deadEnd, type Limits, type TriePosition } from "./allowed.js";
import { advance, type StepModel } from "./step-model.js";

/** What is to be chosen from: one row. */
export interface Choice {
  /** Natural logarithms of the symbols' probabilities, [vocabulary]. */
  readonly logProbabilities: Float64Array;
  /** Symbols that may come, each with a probability above 0. */
  readonly allowed: readonly number[];
  readonly sequence: number;
  /** How many symbols came before. */
  readonly step: number;
}

/** Decodes one sequence for each of the batch, symbol by symbol. Those that have ended are left out of the steps that follow. */
export function oneEach<S>(
  what: string,
  model: StepModel<S>,
  limits: Limits,
  choose: (from: Choice) => number,
): Decoded[] {
  const { vocabulary, sequences } = model;
  const made = Array.from({ length: sequences }, (_, s) => ({
    symbols: [] as number[],
    logProbability: 0,
    position: limits.root(s),
  }));
  if (limits.end === undefined && limits.length === 0) return made.map(results);
  let live = Array.from({ length: sequences }, (_, s) => s);
  let said = model.start();
  for (let step = 0; ; step++) {
    const parents: number[] = [];
    const read: number[] = [];
    const next: number[] = [];
    live.forEach((s, row) => {
      const one = made[s]!;
      const logProbabilities = said.logProbabilities.subarray(row * vocabulary, (row + 1) * vocabulary);
      const allowed: number[] = [];
      limits.each(one.position, step, (symbol) => {
        if (logProbabilities[symbol]! > Number.NEGATIVE_INFINITY) allowed.push(symbol);
      });
      if (allowed.length === 0) throw deadEnd(what, s, one.symbols);
      const symbol = choose({ logProbabilities, allowed, sequence: s, step });
      one.logProbability += logProbabilities[symbol]!;
      if (symbol !== limits.end) {
        one.symbols.push(symbol);
        one.position = one.position && (one.position.next.get(symbol) as TriePosition);
      }
      if (limits.isComplete(one.symbols.length, symbol)) return;
      parents.push(row);
      read.push(symbol);
      next.push(s);
    });
    if (next.length === 0) break;
    said = advance(model, said.state, Int32Array.from(parents), Int32Array.from(read), live.length);
    live = next;
  }
  model.release?.(said.state);
  return made.map(results);
}

function results({ symbols, logProbability }: Decoded): Decoded {
  return { symbols, logProbability };
}
