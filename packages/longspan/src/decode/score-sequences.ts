import { check, checkSettings, count, describe, type KindsOf, listOf, optional } from "../check/index.js";
import { type Symbols, symbolLists } from "./allowed.js";
import { advance, type StepModel, stepModelKind } from "./step-model.js";

/** How sequences are scored. */
export interface ScoreSettings {
  /** The symbol that ends a sequence: its probability counts, and it is not among the symbols given. None by default. */
  readonly end?: number;
  /** For each sequence, the one of the model's batch that it goes on; its own number by default. For several candidates of one. */
  readonly of?: readonly number[];
}

/** What a model thinks of a sequence. */
export interface SequenceScore {
  /** ln P of the sequence, in nats: the sum of the steps. */
  readonly logProbability: number;
  /** ln P of each symbol given those before it (10.33), the end last where there is one. */
  readonly steps: Float64Array;
}

/**
 * The log-probabilities of whole sequences, and of their steps:
 *
 *     ln P(y(1), ..., y(tau)) = sum over t of ln P(y(t) | y(t-1), ..., y(1))          (10.31, 10.32)
 *
 * All sequences go through the model together, a shorter one as far as it goes.
 *
 * @param sequences without the end symbol
 * @returns one per sequence
 * @throws RangeError for a symbol that is none, or a sequence that the model is not asked about
 * @see Goodfellow, Bengio, Courville (2016), equations 10.31 to 10.33
 * @example
 * const model = languageModel({ vocabulary: 5, features: 4, hidden: 8 });
 * const steps = languageSteps(model, model.init(Key.of(1)));
 * scoreSequences(steps, [[1, 2], [1, 3, 4]], { end: 0, of: [0, 0] }); // two scores, of 3 and 4 steps
 */
export function scoreSequences<S>(
  model: StepModel<S>,
  sequences: readonly Symbols[],
  settings?: ScoreSettings,
): SequenceScore[] {
  check("scoreSequences", "model", model, stepModelKind);
  check("scoreSequences", "sequences", sequences, symbolLists);
  const { end, of = sequences.map((_, i) => i) } = checkSettings("scoreSequences", settings, kinds);
  checkSymbols(model, sequences, end, of);
  const read = sequences.map((symbols) => [...Array.from(symbols), ...(end === undefined ? [] : [end])]);
  const steps = read.map((symbols) => new Float64Array(symbols.length));
  let live = read.flatMap((symbols, i) => (symbols.length === 0 ? [] : [i]));
  if (live.length > 0) {
    let said = model.start();
    // The first rows are those of the model's batch; from then on, each sequence has one.
    let rowOf: (i: number) => number = (i) => of[i]!;
    let rows = model.sequences;
    for (let t = 0; ; t++) {
      for (const i of live) steps[i]![t] = said.logProbabilities[rowOf(i) * model.vocabulary + read[i]![t]!]!;
      const next = live.filter((i) => read[i]!.length > t + 1);
      if (next.length === 0) break;
      const [parents, symbols] = [Int32Array.from(next, rowOf), Int32Array.from(next, (i) => read[i]![t]!)];
      said = advance(model, said.state, parents, symbols, rows);
      const position = new Map(next.map((i, row) => [i, row]));
      rowOf = (i) => position.get(i)!;
      [live, rows] = [next, next.length];
    }
    model.release?.(said.state);
  }
  return steps.map((of) => ({ logProbability: of.reduce((a, b) => a + b, 0), steps: of }));
}

const kinds: KindsOf<ScoreSettings> = {
  end: optional(count),
  of: optional(listOf(count, "a list of numbers of sequences")),
};

function checkSymbols(
  { vocabulary, sequences: many }: Pick<StepModel, "vocabulary" | "sequences">,
  sequences: readonly Symbols[],
  end: number | undefined,
  of: readonly number[],
): void {
  if (end !== undefined && end >= vocabulary)
    throw new RangeError(`scoreSequences: end is ${end}; symbols run from 0 to ${vocabulary - 1}`);
  if (of.length !== sequences.length)
    throw new RangeError(
      `scoreSequences: of has ${of.length} numbers for ${sequences.length} sequences, expected one each`,
    );
  sequences.forEach((symbols, i) => {
    if (of[i]! >= many)
      throw new RangeError(
        `scoreSequences: sequences[${i}] goes on sequence ${of[i]} of the model, which is asked about ${many}; say with \`of\` which it goes on`,
      );
    for (let t = 0; t < symbols.length; t++)
      if (!Number.isInteger(symbols[t]) || symbols[t]! < 0 || symbols[t]! >= vocabulary)
        throw new RangeError(
          `scoreSequences: sequences[${i}][${t}] is ${describe(symbols[t])}, expected a symbol from 0 to ${vocabulary - 1}`,
        );
  });
}
