import { func, type KindsOf } from "../check/index.js";
import { cutAnew } from "./cut-anew.js";
import { checkEncode } from "./kinds.js";
import { type EncodeOptions, knownNumbers, type Vocabulary } from "./vocabulary.js";

/** What cuts texts into subwords, and puts them together again: a tokenizer of whatever kind. */
export interface SubwordCodec {
  /** The numbers of a text's subwords. */
  encode(text: string): ArrayLike<number>;
  /** The text of numbers. */
  decode(numbers: readonly number[]): string;
}

export const codecKinds: KindsOf<SubwordCodec> = { encode: func, decode: func };

/**
 * The subwords of a tokenizer. How it cuts is its own affair: without a codec, the vocabulary knows its subwords by number, and cannot read or
 * write text.
 */
export class Subwords implements Vocabulary {
  readonly level = "subword";

  constructor(
    readonly symbols: readonly string[],
    readonly unknown: number | null,
    /** As its file has it: a plain value, which is kept with the vocabulary. */
    readonly tokenizer: unknown,
    private readonly codec: SubwordCodec | null,
  ) {}

  get size(): number {
    return this.symbols.length;
  }

  encode(text: string, options?: EncodeOptions): Int32Array {
    const skipUnknown = checkEncode(text, options);
    const numbers = Int32Array.from(this.needed("encode").encode(text));
    for (const n of numbers)
      if (!(n >= 0 && n < this.size))
        throw new RangeError(
          `vocabulary.encode: the tokenizer gave ${n}, which is not below its ${this.size} subwords`,
        );
    return skipUnknown ? numbers.filter((n) => n !== this.unknown) : numbers;
  }

  decode(symbols: Iterable<number>): string {
    const numbers = knownNumbers(symbols, this.size);
    return this.needed("decode").decode(numbers);
  }

  wholeSymbols(parts: Iterable<string>): Iterable<string> {
    return inPieces(cutAnew("vocabulary.wholeSymbols", parts, (text) => text.length));
  }

  private needed(method: string): SubwordCodec {
    if (this.codec === null)
      throw new TypeError(
        `vocabulary.${method}: a tokenizer cuts these texts, and none was given; give it to openRun as the option tokenizer, or to vocabularyFrom(stored, { encode, decode }), or hand numbers over`,
      );
    return this.codec;
  }
}

/** Characters of a piece, at least. */
const pieceLength = 2 ** 16;

/**
 * A text in pieces that end at the end of a line. Where they end depends on the text alone, not on the parts that it comes in: a tokenizer may cut
 * otherwise where a piece begins.
 */
function* inPieces(parts: Iterable<string>): Generator<string, void, undefined> {
  let rest = "";
  for (const part of parts) {
    rest += part;
    for (;;) {
      const end = rest.indexOf("\n", pieceLength) + 1;
      if (end === 0) break;
      yield rest.slice(0, end);
      rest = rest.slice(end);
    }
  }
  if (rest !== "") yield rest;
}
