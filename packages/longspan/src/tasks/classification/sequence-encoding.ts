import {
  check,
  checkSettings,
  describe,
  isRecord,
  kind,
  listOf,
  numbers,
  oneOf,
  optional,
  orNull,
  size,
  text as textKind,
} from "../../check/index.js";
import { characterVocabulary, vocabularyFrom, wordVocabulary } from "../../data/index.js";
import { InputError } from "../predictor.js";
import type { ClassifiedSequence } from "./classification-learner.js";

/** What texts are cut into. */
export type TextLevel = "char" | "word" | "byte";

/** How texts become symbols. */
export interface TextEncoding {
  readonly kind: "text";
  readonly level: TextLevel;
  /** Characters, or words of which the first stands for all others; none at level byte. */
  readonly symbols: readonly string[];
  /** The column of a record that holds the text. */
  readonly column: string;
}

/** How rows of numbers become rows of numbers with the mean 0 and the variance 1. */
export interface NumbersEncoding {
  readonly kind: "numbers";
  /** Names of the features of a step. */
  readonly columns: readonly string[];
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** The column of a record that holds the numbers of all steps; null where each step has a column of its own, one number in each. */
  readonly column: string | null;
  /** Those columns, where each step has its own. */
  readonly steps?: readonly string[];
}

/** What puts sequences into numbers. */
export type SequenceEncoding = TextEncoding | NumbersEncoding;

/** A sequence in numbers. */
export type EncodedSequence = Omit<ClassifiedSequence, "label">;

/** Symbols that are no part of the text: the one that every text begins with, so that none is empty, and what stands for all unknown ones. */
const [beginning, unknown] = [0, 1];

/** How many symbols a text may have. */
export function symbolsOf({ level, symbols }: TextEncoding): number {
  return level === "byte" ? 257 : level === "word" ? symbols.length + 1 : symbols.length + 2;
}

/** What a text encoding is made for. */
export interface TextEncodingOptions {
  readonly level: TextLevel;
  /** The column of a record that holds the text. */
  readonly column: string;
  /** Most words, at level word; 10,000 by default. */
  readonly most?: number;
}

/**
 * The encoding of texts, from those that are learned from.
 * @example textEncoding(["ab", "b"], { level: "char", column: "text" }).symbols // ["a", "b"]
 */
export function textEncoding(texts: readonly string[], options: TextEncodingOptions): TextEncoding {
  check("textEncoding", "texts", texts, textsKind);
  const {
    level,
    column,
    most = 10_000,
  } = checkSettings("textEncoding", options, {
    level: oneOf("char", "word", "byte"),
    column: textKind,
    most: optional(size),
  });
  const symbols =
    level === "byte"
      ? []
      : level === "char"
        ? characterVocabulary(texts).symbols
        : wordVocabulary(
            texts.map((text) => `${text}\n`),
            { size: most },
          ).symbols;
  return { kind: "text", level, symbols, column };
}

const textsKind = listOf(textKind, "a list of texts");
const textEncodingKind = kind(
  "the encoding of texts, such as textEncoding(texts, { level, column })",
  (value) => isRecord(value) && value.kind === "text" && textsKind.accepts(value.symbols),
);
const numbersEncodingKind = kind(
  "the encoding of numbers, such as numbersEncoding(sequences, { columns, column })",
  (value) => isRecord(value) && value.kind === "numbers" && textsKind.accepts(value.columns),
);

// Part of every browser and of Node.js, but of no ECMAScript library file.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/**
 * Puts texts into symbols: number 0 begins every text, so that none is empty, and number 1 stands for every symbol that is unknown.
 * @example
 * const encode = textEncoder(textEncoding(["ab"], { level: "char", column: "text" }));
 * encode("bad").values; // Int32Array [0, 3, 2, 1]
 */
export function textEncoder(encoding: TextEncoding): (text: string) => EncodedSequence {
  check("textEncoder", "encoding", encoding, textEncodingKind);
  const { level, symbols } = encoding;
  const encode = numbering(level, symbols);
  return (text) => {
    check("textEncoder(encoding)", "text", text, textKind);
    return encode(text);
  };
}

function numbering(level: TextLevel, symbols: readonly string[]): (text: string) => EncodedSequence {
  const asSequence = (found: Iterable<number>): EncodedSequence => {
    const values = Int32Array.from([beginning, ...found]);
    return { values, steps: values.length };
  };
  if (level === "byte") {
    const utf8 = new TextEncoder();
    return (text) => asSequence(Array.from(utf8.encode(text), (byte) => byte + 1));
  }
  if (level === "word") {
    const words = vocabularyFrom({ level, symbols });
    return (text) => asSequence(words.encode(text).map((n) => n + unknown));
  }
  const bySymbol = new Map(symbols.map((symbol, i) => [symbol, i + unknown + 1]));
  return (text) => asSequence(Array.from(text, (character) => bySymbol.get(character) ?? unknown));
}

/** What an encoding of numbers is made for. */
export type NumbersEncodingOptions = Pick<NumbersEncoding, "columns" | "column" | "steps">;

/**
 * The encoding of rows of numbers, from those that are learned from: the mean and the deviation of each feature, of the values that are there.
 * @param sequences rows one after the other, NaN where a value is missing
 * @example numbersEncoding([[1, 3], [5]], { columns: ["height"], column: "values" }).mean // [3]
 */
export function numbersEncoding(
  sequences: readonly ArrayLike<number>[],
  options: NumbersEncodingOptions,
): NumbersEncoding {
  check("numbersEncoding", "sequences", sequences, listOf(numbers, "a list of lists of numbers"));
  const { columns, column, steps } = checkSettings("numbersEncoding", options, {
    columns: textsKind,
    column: orNull(textKind),
    steps: optional(textsKind),
  });
  const width = columns.length;
  const [count, sum, squares] = [0, 1, 2].map(() => new Float64Array(width)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const each = (visit: (feature: number, value: number) => void) => {
    for (const values of sequences)
      for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i]!)) visit(i % width, values[i]!);
  };
  each((feature, value) => {
    count[feature]! += 1;
    sum[feature]! += value;
  });
  const mean = Array.from(sum, (total, i) => (count[i] === 0 ? 0 : total / count[i]!));
  each((feature, value) => {
    squares[feature]! += (value - mean[feature]!) ** 2;
  });
  // A feature that never changes tells nothing: any scale will do.
  const deviation = Array.from(squares, (total, i) => Math.sqrt(total / count[i]!) || 1);
  return { kind: "numbers", columns, mean, deviation, column, ...(steps ? { steps } : {}) };
}

/**
 * Scales rows of numbers to the mean 0 and the variance 1 of what was learned from; a missing one, NaN, becomes 0, the mean.
 * @example
 * const encoding = numbersEncoding([[1, 3]], { columns: ["height"], column: "values" });
 * scaledNumbers([3, Number.NaN], encoding).values; // Float32Array [1, 0]
 */
export function scaledNumbers(values: ArrayLike<number>, encoding: NumbersEncoding): EncodedSequence {
  check("scaledNumbers", "values", values, numbers);
  check("scaledNumbers", "encoding", encoding, numbersEncodingKind);
  const { columns, mean, deviation } = encoding;
  const width = columns.length;
  const scaled = Float32Array.from({ length: values.length }, (_, i) => {
    const [value, feature] = [values[i]!, i % width];
    return Number.isNaN(value) ? 0 : (value - mean[feature]!) / deviation[feature]!;
  });
  return { values: scaled, steps: values.length / width };
}

/**
 * The numbers of a sequence that came as a value: a list of numbers, or of lists of numbers, a row each; null where one is missing.
 * @param width features of a row; null where the sequence itself says it
 * @throws InputError naming the number that is none
 * @example numbersIn([[1, 2], [3, null]], null) // { values: [1, 2, 3, NaN], width: 2 }
 */
export function numbersIn(
  value: unknown,
  width: number | null,
  path = "values",
): { readonly values: Float64Array; readonly width: number } {
  if (!Array.isArray(value))
    throw new InputError(`${describe(value)} is no list of numbers, one for each step or a list for each`, {
      path,
    });
  if (value.length === 0)
    throw new InputError("the list is empty; a sequence has one step at least", { path });
  const rows: unknown[][] = value.map((row: unknown) => (Array.isArray(row) ? row : [row]));
  const wide = width ?? rows[0]!.length;
  const values = new Float64Array(rows.length * wide);
  for (const [t, row] of rows.entries()) {
    if (row.length !== wide)
      throw new InputError(`${row.length} numbers, expected ${wide}, as many as features`, {
        path: `${path}[${t}]`,
      });
    for (const [i, entry] of row.entries())
      values[t * wide + i] = numberIn(entry, `${path}[${t}]${wide === 1 ? "" : `[${i}]`}`);
  }
  return { values, width: wide };
}

/** A number, or NaN where it is missing. @throws InputError if it is something else */
export function numberIn(value: unknown, path: string): number {
  if (value === null || value === undefined || value === "") return Number.NaN;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw new InputError(`${describe(value)} is no number; null stands for one that is missing`, { path });
}

/** What an input is, in words. */
export function inputInWords(encoding: SequenceEncoding): string {
  if (encoding.kind === "text") return `a text, or a record { ${encoding.column} } with one`;
  const { column, columns } = encoding;
  const row = columns.length === 1 ? "a list of numbers" : `a list of rows of ${columns.length} numbers`;
  return column === null
    ? `${row}, or a record with a column for each step`
    : `${row}, or a record { ${column} } with one`;
}

/** Reads a sequence as it comes: a text or numbers, alone or in a record. @throws InputError saying what is wrong with it */
export function sequenceReader(encoding: SequenceEncoding): (value: unknown) => EncodedSequence {
  if (encoding.kind === "text") {
    const { column } = encoding;
    const encode = textEncoder(encoding);
    return (value) => {
      const found = isRecord(value) ? value[column] : value;
      if (typeof found === "string") return encode(found);
      if (typeof found === "number") return encode(String(found));
      throw new InputError(
        found === undefined || found === null ? "the text is missing" : `${describe(found)} is no text`,
        isRecord(value) ? { path: column } : {},
      );
    };
  }
  const { column, columns, steps } = encoding;
  return (value) => {
    if (!isRecord(value)) return scaledNumbers(numbersIn(value, columns.length).values, encoding);
    if (column !== null)
      return scaledNumbers(numbersIn(value[column], columns.length, column).values, encoding);
    const found = steps!.map((name) => {
      if (!Object.hasOwn(value, name)) throw new InputError("the column is missing", { path: name });
      return numberIn(value[name], name);
    });
    return scaledNumbers(found, encoding);
  };
}
