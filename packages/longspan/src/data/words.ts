import { cutAnew } from "./cut-anew.js";

/** What a character is for `endOfWord`. */
const kind = { letter: 1, sign: 2, lineBreak: 3, white: 4 } as const;
type Kind = (typeof kind)[keyof typeof kind];

const [space, lineFeed, carriageReturn] = [0x20, 0x0a, 0x0d];
const apostrophes: readonly number[] = [0x27, 0x2019];

/** Kinds by code point, 0 where not asked for yet: the classes of Unicode are slow to look up. */
const known = new Uint8Array(0x110000);

function kindOf(code: number): Kind {
  if (known[code] === 0) known[code] = classify(code);
  return known[code] as Kind;
}

function classify(code: number): Kind {
  if (code === lineFeed || code === carriageReturn) return kind.lineBreak;
  const character = String.fromCodePoint(code);
  if (/\s/u.test(character)) return kind.white;
  return /[\p{L}\p{M}\p{N}]/u.test(character) ? kind.letter : kind.sign;
}

/**
 * Where the word that begins at `at` ends. From the first character to the last, this cuts a text into words that give it
 * back when they are put together. A word is one of
 *
 * - letters, marks and digits in any number, and apostrophes between them, with the single space before them: " don't"
 * - one sign, or a run of the same sign, with the single space before it: " (", "...", "🙂"
 * - a line break: "\n", "\r\n" or "\r"
 * - a run of the same white space, but for a last space that belongs to what follows
 *
 * It takes one pass and no stack, however long the words are.
 */
export function endOfWord(text: string, at: number): number {
  let i = at;
  if (text.charCodeAt(i) === space && isBlack(text, i + 1)) i += 1;
  const code = text.codePointAt(i)!;
  i += unitsOf(code);
  switch (kindOf(code)) {
    case kind.letter:
      return endOfLetters(text, i);
    case kind.sign:
      return endOfRun(text, i, code);
    case kind.lineBreak:
      return code === carriageReturn && text.charCodeAt(i) === lineFeed ? i + 1 : i;
    case kind.white: {
      const end = endOfRun(text, i, code);
      return code === space && isBlack(text, end) ? end - 1 : end;
    }
  }
}

/**
 * The parts of a text cut anew, so that no word goes over from one to the next: their words, one part after the other, are those of
 * the text. For `Vocabulary.encode`, part by part, of a text that is too long for one string.
 *
 * @example [...wholeWords(["to be, or n", "ot to be"])].join("|") // "to be,| or not to be"
 */
export function wholeWords(parts: Iterable<string>): Generator<string, void, undefined> {
  return cutAnew("wholeWords", parts, endOfSureWords);
}

/** The words of a text. */
export function wordsIn(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = endOfWord(text, at);
    words.push(text.slice(at, end));
    at = end;
  }
  return words;
}

/** Units after the end of a word that its end depends on, at most: two code points. */
const lookahead = 4;

/** Where the last word ends that ends there whatever follows the text. */
export function endOfSureWords(text: string): number {
  // After a line feed a word begins in any case.
  let sure = text.lastIndexOf("\n") + 1;
  while (sure < text.length) {
    const end = endOfWord(text, sure);
    if (end + lookahead > text.length) break;
    sure = end;
  }
  return sure;
}

/** Whether a letter or a sign begins here. */
function isBlack(text: string, at: number): boolean {
  const code = text.codePointAt(at);
  return code !== undefined && (kindOf(code) === kind.letter || kindOf(code) === kind.sign);
}

function endOfLetters(text: string, begin: number): number {
  let i = begin;
  for (;;) {
    const code = text.codePointAt(i);
    if (code === undefined) return i;
    const next = i + unitsOf(code);
    if (kindOf(code) !== kind.letter && !(apostrophes.includes(code) && isLetter(text, next))) return i;
    i = next;
  }
}

function isLetter(text: string, at: number): boolean {
  const code = text.codePointAt(at);
  return code !== undefined && kindOf(code) === kind.letter;
}

function endOfRun(text: string, begin: number, code: number): number {
  let i = begin;
  while (text.codePointAt(i) === code) i += unitsOf(code);
  return i;
}

/** UTF-16 units of a code point. */
export function unitsOf(code: number): number {
  return code > 0xffff ? 2 : 1;
}
