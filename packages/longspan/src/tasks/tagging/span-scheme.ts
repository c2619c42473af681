import { check, listOf } from "../../check/index.js";
import { type SpanScheme, tagList } from "./spans.js";

/**
 * The scheme in which tags write spans; null where they are no spans, such as parts of speech.
 *
 * Tags write spans where all are `O`, or a letter, a hyphen and a type, and some are the latter. The letters tell the scheme; `B` and `I` alone
 * are IOB2 where every span begins with B, and IOB1 where some begins with I.
 *
 * @param sentences the tags of each
 * @example
 * spanSchemeOf([["B-PER", "I-PER", "O"], ["B-LOC"]]); // "IOB2"
 * spanSchemeOf([["I-PER", "I-PER", "O"]]); // "IOB1"
 * spanSchemeOf([["DET", "NOUN"]]); // null
 */
export function spanSchemeOf(sentences: readonly (readonly string[])[]): SpanScheme | null {
  check("spanSchemeOf", "sentences", sentences, listOf(tagList, "a list with the tags of each sentence"));
  const used = new Set<string>();
  let insideFirst = false;
  for (const tags of sentences)
    for (const [i, tag] of tags.entries()) {
      if (tag === "O") continue;
      if (!/^[BIELSU]-./u.test(tag)) return null;
      used.add(tag[0]!);
      const before = tags[i - 1];
      insideFirst ||= tag[0] === "I" && (before === undefined || before.slice(1) !== tag.slice(1));
    }
  const among = (letters: string) => [...used].every((letter) => letters.includes(letter));
  if (used.size === 0) return null;
  if (among("BI")) return insideFirst ? "IOB1" : "IOB2";
  if (among("BIES")) return "IOBES";
  return among("BILU") ? "BILOU" : null;
}
