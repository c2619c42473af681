import type { Vocabulary } from "longspan";

/**
 * Writes symbols one after another. A subword may be a part of a character, or tell only beside its neighbours whether a space stands before it:
 * what cannot be told yet comes with a later symbol.
 *
 * @param before symbols that were written already
 * @returns the text that a symbol adds
 */
export function decoding(vocabulary: Vocabulary, before: Iterable<number>): (symbol: number) => string {
  if (vocabulary.level !== "subword") return (symbol) => vocabulary.decode([symbol]);
  // The last symbols that were written, and those that are not yet.
  let context = [...before].slice(-contextSymbols);
  let waiting: number[] = [];
  return (symbol) => {
    waiting.push(symbol);
    const written = vocabulary.decode(context);
    const all = vocabulary.decode([...context, ...waiting]);
    if (all.endsWith(halfCharacter) && waiting.length < longestCharacter) return "";
    context = waiting.slice(-contextSymbols);
    waiting = [];
    return all.slice(written.length);
  };
}

/** So many say whether a space comes next. */
const contextSymbols = 6;
/** What stands for bytes that are no whole character. */
const halfCharacter = "\ufffd";
/** Bytes of a character, at most; more symbols without a whole one are none. */
const longestCharacter = 4;
