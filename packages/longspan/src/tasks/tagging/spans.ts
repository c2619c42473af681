import { check, checkSettings, type KindsOf, listOf, oneOf, optional, text } from "../../check/index.js";

/**
 * How tags write spans of tokens, such as names: `O` outside of all, and before a type what a token is in its span.
 *
 * | scheme | one token | two | three and more | after a span of the same type |
 * | --- | --- | --- | --- | --- |
 * | `IOB1` | I | I I | I I I | begins with B |
 * | `IOB2` | B | B I | B I I | likewise |
 * | `IOBES` | S | B E | B I E | likewise |
 * | `BILOU` | U | B L | B I L | likewise |
 */
export type SpanScheme = "IOB1" | "IOB2" | "IOBES" | "BILOU";

/**
 * Which spans are read from tags that do not keep to the scheme: `conll`, all that can be made out, as the program conlleval does: a type that
 * changes ends one span and begins another. `strict`: none but those that are written as the scheme writes them.
 */
export type SpanMode = "conll" | "strict";

/** Some tokens of a sentence that belong together. */
export interface Span {
  readonly type: string;
  /** The first token, from 0. */
  readonly begin: number;
  /** Behind the last token. */
  readonly end: number;
}

/** How spans are read. */
export interface SpanOptions {
  readonly scheme: SpanScheme;
  /** `conll` by default. */
  readonly mode?: SpanMode;
}

/**
 * The spans that the tags of a sentence write.
 *
 * @throws RangeError for a tag that is neither O nor a letter of the scheme, a hyphen and a type
 * @see Tjong Kim Sang, De Meulder (2003), "Introduction to the CoNLL-2003 shared task"; Ratinov, Roth (2009), for BILOU
 * @example
 * spansOf(["B-PER", "I-PER", "O", "I-LOC"], { scheme: "IOB2" });
 * // [{ type: "PER", begin: 0, end: 2 }, { type: "LOC", begin: 3, end: 4 }]
 * spansOf(["B-PER", "I-PER", "O", "I-LOC"], { scheme: "IOB2", mode: "strict" }).length; // 1: a place would begin with B
 */
export function spansOf(tags: readonly string[], options: SpanOptions): Span[] {
  check("spansOf", "tags", tags, tagList);
  const { scheme, mode = "conll" } = checkSettings("spansOf", options, spanKinds);
  const parts = tags.map((tag, i) => partsOf(tag, scheme, (problem) => `spansOf: tags[${i}] ${problem}`));
  const found = runsOf(parts);
  return mode === "conll" ? found : found.filter((span, i) => isWritten(parts, span, found[i - 1], scheme));
}

/** What is asked of spans. */
export const spanKinds: KindsOf<SpanOptions> = {
  scheme: oneOf("IOB1", "IOB2", "IOBES", "BILOU"),
  mode: optional(oneOf("conll", "strict")),
};
export const tagList = listOf(text, "a list of tags");

/** A letter of BIES, whatever the scheme calls it, and a type; null outside of all spans. */
type Part = { readonly letter: string; readonly type: string } | null;

const letters: Readonly<Record<SpanScheme, Readonly<Record<string, string>>>> = {
  IOB1: { B: "B", I: "I" },
  IOB2: { B: "B", I: "I" },
  IOBES: { B: "B", I: "I", E: "E", S: "S" },
  BILOU: { B: "B", I: "I", L: "E", U: "S" },
};

function partsOf(tag: string, scheme: SpanScheme, where: (problem: string) => string): Part {
  if (tag === "O") return null;
  const letter = tag[1] === "-" && tag.length > 2 ? letters[scheme][tag[0]!] : undefined;
  if (letter === undefined)
    throw new RangeError(
      where(
        `is ${JSON.stringify(tag)}, expected O, or one of ${Object.keys(letters[scheme]).join(", ")} with a hyphen and a type (${scheme})`,
      ),
    );
  return { letter, type: tag.slice(2) };
}

/** Spans as conlleval makes them out. */
function runsOf(parts: readonly Part[]): Span[] {
  const spans: Span[] = [];
  let begin = -1;
  for (let i = 0; i <= parts.length; i++) {
    const [last, next] = [parts[i - 1] ?? null, parts[i] ?? null];
    const ends = last !== null && (next === null || isBoundary(last, next));
    if (ends) spans.push({ type: last.type, begin, end: i });
    if (next !== null && (last === null || ends)) begin = i;
  }
  return spans;
}

/** Whether one span ends and another begins between two tokens that are both in spans. */
function isBoundary(last: NonNullable<Part>, next: NonNullable<Part>): boolean {
  return last.type !== next.type || "ES".includes(last.letter) || "BS".includes(next.letter);
}

/** Whether a span is written as its scheme writes it. */
function isWritten(
  parts: readonly Part[],
  { type, begin, end }: Span,
  before: Span | undefined,
  scheme: SpanScheme,
): boolean {
  const follows = before !== undefined && before.end === begin && before.type === type;
  const last = end - 1;
  const ends = scheme === "IOBES" || scheme === "BILOU";
  const expected = (i: number): string => {
    if (scheme === "IOB1") return i === begin && follows ? "B" : "I";
    if (ends && begin === last) return "S";
    if (i === begin) return "B";
    return ends && i === last ? "E" : "I";
  };
  for (let i = begin; i < end; i++) if (parts[i]!.letter !== expected(i)) return false;
  return true;
}
