import { type SymbolNumbers, UnknownSymbolError, type Vocabulary } from "longspan";
import { Failure } from "../../failure.js";
import { charactersOf, type TextFile } from "./text-file.js";

/** A text in numbers. */
export interface EncodedText {
  /** In the smallest type that holds them. */
  readonly symbols: SymbolNumbers;
  /** Characters, words or tokens that the vocabulary lacks and that were left out. */
  readonly skipped: number;
}

/**
 * A text in the numbers of a vocabulary.
 * @throws UnknownSymbolError if the vocabulary lacks a character of it, unless that is to be skipped
 */
export function encodeText(
  { path, characters, parts }: TextFile,
  vocabulary: Vocabulary,
  { skipUnknown = false }: { readonly skipUnknown?: boolean } = {},
): EncodedText {
  // No text has more symbols than characters, but for subwords that are bytes. What is not written to takes no memory.
  const most = vocabulary.level === "subword" ? 4 * characters + 1024 : characters;
  const out = new (smallest(vocabulary.size))(most);
  let [count, skipped] = [0, 0];
  for (const part of vocabulary.wholeSymbols(parts())) {
    const known = encoded(part, count);
    if (count + known.length > out.length) throw new Failure(`${path} has changed while it was read`);
    out.set(known, count);
    count += known.length;
  }
  return { symbols: count < out.length ? out.slice(0, count) : out, skipped };

  function encoded(part: string, before: number): Int32Array {
    try {
      const known = vocabulary.encode(part, { skipUnknown });
      if (skipUnknown)
        skipped +=
          (vocabulary.level === "char" ? charactersOf(part) : vocabulary.encode(part).length) - known.length;
      return known;
    } catch (error) {
      if (!(error instanceof UnknownSymbolError)) throw error;
      throw new UnknownSymbolError(error.symbol, before + error.position, vocabulary.size);
    }
  }
}

/**
 * A text in the numbers of a run's vocabulary.
 * @param options.remedy what to do about a character that the run does not know, if there is something
 * @throws Failure if the run does not know a character of it
 */
export function encodeFor(
  vocabulary: Vocabulary,
  file: TextFile,
  run: string,
  { skipUnknown = false, remedy = "" }: { readonly skipUnknown?: boolean; readonly remedy?: string } = {},
): EncodedText {
  try {
    return encodeText(file, vocabulary, { skipUnknown });
  } catch (error) {
    if (error instanceof UnknownSymbolError)
      throw new Failure(`${file.path} cannot be measured with ${run}: ${error.message}${remedy}`);
    throw error;
  }
}

function smallest(size: number): typeof Uint8Array | typeof Uint16Array | typeof Int32Array {
  if (size <= 2 ** 8) return Uint8Array;
  return size <= 2 ** 16 ? Uint16Array : Int32Array;
}
