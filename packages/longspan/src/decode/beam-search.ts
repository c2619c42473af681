import { atLeastZero, check, checkSettings, type KindsOf, optional, size } from "../check/index.js";
import {
  type Decoded,
  deadEnd,
  type Limits,
  limitKinds,
  limitsOf,
  type SequenceLimits,
  type TriePosition,
} from "./allowed.js";
import { Best } from "./best.js";
import { advance, type Said, type StepModel, stepModelKind } from "./step-model.js";

/** How sequences are searched for. */
export interface BeamSearchSettings extends SequenceLimits {
  /** Sequences that are followed at a time, for each of the batch. */
  readonly width: number;
  /** How many are given back for each of the batch; 1 by default. */
  readonly best?: number;
  /**
   * Sequences are compared by ln P / n^a, with n their symbols and the end: a, at least 0. 0, ln P itself by default; it favours short
   * sequences. 1 is the mean over symbols.
   */
  readonly lengthNormalisation?: number;
}

/** A sequence that a beam search found. */
export interface Hypothesis extends Decoded {
  /** What sequences were compared by: the log-probability, normalised by the length where that was asked for. */
  readonly score: number;
}

/**
 * Beam search: the most probable sequences, as far as they begin with what is most probable. At each step the `width` most probable
 * beginnings of each sequence are kept; one that ends is set aside, and its place is free again. All beginnings of all sequences of the
 * batch go through the model together: one step, one call.
 *
 * The search ends when nothing that is followed can still come among the best. A width of 1 is `greedy`; a width of as many as there are
 * sequences finds the best for certain. At `length` symbols, only the end is allowed, so that every sequence found is a whole one.
 *
 * The cost is that of at most length + 1 steps of sequences x width rows.
 *
 * @returns for each of the batch, the best first; fewer than `best` where the beam held fewer
 * @throws RangeError if a setting is impossible, or nothing that is allowed has a probability
 * @see Graves (2012), "Sequence transduction with recurrent neural networks"; Sutskever, Vinyals, Le (2014), section 3.2
 * @example
 * const model = languageModel({ vocabulary: 5, features: 4, hidden: 8 });
 * const steps = languageSteps(model, model.init(Key.of(1)), { prompts: [[1], [2, 3]] });
 * const found = beamSearch(steps, { end: 0, length: 6, width: 4, best: 3, lengthNormalisation: 0.7 });
 * found[1]![0]!.score >= found[1]![1]!.score // true: the best first
 */
export function beamSearch<S>(model: StepModel<S>, settings: BeamSearchSettings): Hypothesis[][] {
  check("beamSearch", "model", model, stepModelKind);
  const {
    width,
    best = 1,
    lengthNormalisation = 0,
    ...supplied
  } = checkSettings("beamSearch", settings, kinds);
  const limits = limitsOf("beamSearch", supplied, model);
  const normalise = (logProbability: number, n: number) =>
    logProbability / Math.max(1, n) ** lengthNormalisation;
  const searches = Array.from(
    { length: model.sequences },
    (_, s) => new Search(s, limits, width, best, normalise),
  );
  if (limits.end === undefined && limits.length === 0) return searches.map(() => [empty]);
  let said: Said<S> = model.start();
  let rows = model.sequences;
  for (;;) {
    const kept = searches.flatMap((search) => search.extend(said.logProbabilities, model.vocabulary));
    if (kept.length === 0) break;
    const parents = Int32Array.from(kept, (b) => b.row);
    const symbols = Int32Array.from(kept, (b) => b.symbols.at(-1)!);
    said = advance(model, said.state, parents, symbols, rows);
    rows = kept.length;
    kept.forEach((b, row) => {
      b.row = row;
    });
  }
  model.release?.(said.state);
  return searches.map((search) => search.found.items);
}

const empty: Hypothesis = { symbols: [], logProbability: 0, score: 0 };

const kinds: KindsOf<BeamSearchSettings> = {
  ...limitKinds,
  width: size,
  best: optional(size),
  lengthNormalisation: optional(atLeastZero),
};

/** The beginning of a sequence. */
interface Beginning {
  readonly symbols: readonly number[];
  readonly logProbability: number;
  readonly position: TriePosition | null;
  /** Its row in the state of the model: first that of what it goes on from, then its own. */
  row: number;
}

interface Extension {
  readonly from: Beginning;
  readonly symbol: number;
  readonly logProbability: number;
}

/** The search for one sequence of the batch. */
class Search {
  readonly found: Best<Hypothesis>;
  private live: Beginning[];

  constructor(
    private readonly sequence: number,
    private readonly limits: Limits,
    private readonly width: number,
    best: number,
    private readonly normalise: (logProbability: number, n: number) => number,
  ) {
    this.found = new Best(best, ({ score }) => score);
    this.live = [{ symbols: [], logProbability: 0, position: limits.root(sequence), row: sequence }];
  }

  /** Takes the beam one symbol further. @returns what is to be followed */
  extend(logProbabilities: Float64Array, vocabulary: number): readonly Beginning[] {
    if (this.live.length === 0) return [];
    const extensions = new Best<Extension>(this.width, ({ logProbability }) => logProbability);
    for (const from of this.live)
      this.limits.each(from.position, from.symbols.length, (symbol) => {
        const logProbability = from.logProbability + logProbabilities[from.row * vocabulary + symbol]!;
        if (logProbability > extensions.least) extensions.offer({ from, symbol, logProbability });
      });
    if (extensions.items.length === 0 && this.found.items.length === 0)
      throw deadEnd("beamSearch", this.sequence, this.live[0]!.symbols);
    this.live = extensions.items.flatMap((extension) => this.taken(extension));
    if (this.found.isFull && this.live.every((b) => this.most(b) <= this.found.least)) this.live = [];
    return this.live;
  }

  private taken({ from, symbol, logProbability }: Extension): Beginning[] {
    const isEnd = symbol === this.limits.end;
    const symbols = isEnd ? from.symbols : [...from.symbols, symbol];
    if (this.limits.isComplete(symbols.length, symbol)) {
      const score = this.normalise(logProbability, symbols.length + (isEnd ? 1 : 0));
      this.found.offer({ symbols: [...symbols], logProbability, score });
      return [];
    }
    return [
      { symbols, logProbability, position: from.position && from.position.next.get(symbol)!, row: from.row },
    ];
  }

  /** The best score that what begins so can still have: its log-probability only falls, and length can only be on its side. */
  private most({ logProbability }: Beginning): number {
    const { length, end } = this.limits;
    return this.normalise(logProbability, length + (end === undefined ? 0 : 1));
  }
}
