import {
  count,
  describe,
  func,
  type KindsOf,
  kind,
  list,
  numbers,
  optional,
  type RequiredKind,
} from "../check/index.js";
import type { StepModel } from "./step-model.js";

/** Symbols of one sequence. */
export type Symbols = ArrayLike<number>;

/** Which sequences are looked for: those that end with the end symbol, or all of one length. */
export interface SequenceLimits {
  /** The most symbols of a sequence, not counting the end; without an `end`, the length of every sequence. */
  readonly length: number;
  /** The symbol that ends a sequence. It counts for the probability and is not among the symbols given back. None by default. */
  readonly end?: number;
  /** The fewest symbols before the end; 0 by default. */
  readonly atLeast?: number;
  /** Nothing but these sequences, without their ends: for all sequences of the batch, or by its number. All by default. */
  readonly candidates?: readonly Symbols[] | ((sequence: number) => readonly Symbols[]);
}

/** A sequence that was decoded. */
export interface Decoded {
  /** Without the end symbol. */
  readonly symbols: number[];
  /** ln P of the sequence under the model, its end included, in nats: whatever was forbidden, the model's own. */
  readonly logProbability: number;
}

/** A node of the tree of candidates: what may follow the symbols that lead there. */
export interface TriePosition {
  readonly next: ReadonlyMap<number, TriePosition>;
  /** Whether a candidate is complete here. */
  readonly complete: boolean;
}

/** What may come next, as the limits have it. */
export interface Limits {
  readonly end: number | undefined;
  readonly length: number;
  /** Where a sequence begins; null where everything is allowed. */
  root(sequence: number): TriePosition | null;
  /** Calls `visit` with each symbol that may follow `many` symbols. */
  each(position: TriePosition | null, many: number, visit: (symbol: number) => void): void;
  /** Whether a sequence of so many symbols, the last of them this one, is complete. */
  isComplete(many: number, last: number): boolean;
}

/** The kinds of the settings that limit sequences. */
export const limitKinds: KindsOf<SequenceLimits> = {
  length: count,
  end: optional(count),
  atLeast: optional(count),
  candidates: optional(
    kind(
      "a list of sequences, or a function from the number of a sequence to one",
      (supplied) => func.accepts(supplied) || listOfSequences(supplied),
    ),
  ),
};

function listOfSequences(supplied: unknown): boolean {
  return list.accepts(supplied) && (supplied as unknown[]).every((one) => numbers.accepts(one));
}

/** The limits of settings that were checked. @throws RangeError for what no sequence can meet */
export function limitsOf(
  what: string,
  settings: SequenceLimits,
  model: Pick<StepModel, "vocabulary">,
): Limits {
  const { length, end, atLeast = 0, candidates } = settings;
  const { vocabulary } = model;
  if (end !== undefined && end >= vocabulary)
    throw new RangeError(`${what}: end is ${end}; symbols run from 0 to ${vocabulary - 1}`);
  if (atLeast > length)
    throw new RangeError(
      `${what}: atLeast is ${atLeast}, more than length, the most symbols, which is ${length}`,
    );
  if (atLeast > 0 && end === undefined)
    throw new RangeError(
      `${what}: atLeast is ${atLeast}, and there is no end; without an end symbol every sequence has the length ${length}`,
    );
  const roots = new Map<unknown, TriePosition>();
  return {
    end,
    length,
    root(sequence) {
      if (candidates === undefined) return null;
      const supplied = typeof candidates === "function" ? candidates(sequence) : candidates;
      if (!listOfSequences(supplied))
        throw new TypeError(
          `${what}: candidates of sequence ${sequence} are a list of sequences, got ${describe(supplied)}`,
        );
      const root = roots.get(supplied) ?? treeOf(what, supplied, settings, vocabulary);
      roots.set(supplied, root);
      return root;
    },
    each(position, many, visit) {
      const mayEnd = end !== undefined && many >= atLeast && (position === null || position.complete);
      if (many < length) {
        if (position !== null) for (const symbol of position.next.keys()) visit(symbol);
        else for (let symbol = 0; symbol < vocabulary; symbol++) if (symbol !== end) visit(symbol);
      }
      if (mayEnd) visit(end);
    },
    isComplete: (many, last) => (end === undefined ? many === length : last === end),
  };
}

function treeOf(
  what: string,
  candidates: readonly Symbols[],
  { length, end, atLeast = 0 }: SequenceLimits,
  vocabulary: number,
): TriePosition {
  if (candidates.length === 0)
    throw new RangeError(`${what}: candidates is an empty list; nothing can be decoded`);
  interface Growing {
    readonly next: Map<number, Growing>;
    complete: boolean;
  }
  const root: Growing = { next: new Map(), complete: false };
  candidates.forEach((candidate, c) => {
    const fits =
      end === undefined
        ? candidate.length === length
        : candidate.length >= atLeast && candidate.length <= length;
    if (!fits)
      throw new RangeError(
        `${what}: candidates[${c}] has ${candidate.length} symbols, expected ${end === undefined ? `${length}: without an end symbol all sequences have the same length` : `${atLeast} to ${length}`}`,
      );
    let at = root;
    for (let i = 0; i < candidate.length; i++) {
      const symbol = candidate[i]!;
      if (!Number.isInteger(symbol) || symbol < 0 || symbol >= vocabulary || symbol === end)
        throw new RangeError(
          `${what}: candidates[${c}][${i}] is ${describe(symbol)}, expected a symbol from 0 to ${vocabulary - 1}${end === undefined ? "" : `, and not the end, ${end}`}`,
        );
      const next = at.next.get(symbol) ?? { next: new Map(), complete: false };
      at.next.set(symbol, next);
      at = next;
    }
    at.complete = true;
  });
  return root;
}

/** @throws RangeError for a sequence that nothing can follow */
export function deadEnd(what: string, sequence: number, symbols: readonly number[]): RangeError {
  return new RangeError(
    `${what}: sequence ${sequence}: after [${symbols.join(", ")}] the model gives no probability to anything that is allowed; look at end, atLeast and candidates`,
  );
}

/** Sequences of symbols; the symbols are not looked at. */
export const symbolLists: RequiredKind = kind("a list of sequences of symbols", listOfSequences);
