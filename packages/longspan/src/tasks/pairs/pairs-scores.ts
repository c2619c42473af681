import { check, listOf, oneOf, text } from "../../check/index.js";
import { bleu, chrF, editDistance } from "../../nn/index.js";
import { cut, type PairLevel } from "./pairs-vocabulary.js";

/** How well texts are written. */
export interface PairsScores {
  /** Share of the texts that are one of those wanted. */
  readonly exact: number;
  /** Share of those that are not. */
  readonly sequenceError: number;
  /** Edits per symbol wanted: the fewest insertions, deletions and replacements that make the nearest text wanted of what was written. */
  readonly symbolError: number;
  /** `bleu` of words between white space or, at level `word`, of words and signs. */
  readonly bleu: number;
  /** `chrF`. */
  readonly chrF: number;
}

/**
 * Exact match, symbol error, BLEU and chrF of texts that were written.
 *
 * @param found a text per source @param wanted the texts that are right for each source, one or more
 * @param level what its symbols are
 * @throws RangeError as `chrF`
 * @example
 * const { exact, symbolError } = pairsScores(["AE B", "K"], [["AE B"], ["K AE", "K EY"]], "token");
 * [exact, symbolError]; // [0.5, 0.25]
 */
export function pairsScores(
  found: readonly string[],
  wanted: readonly (readonly string[])[],
  level: PairLevel,
): PairsScores {
  check("pairsScores", "found", found, texts);
  check("pairsScores", "wanted", wanted, textsOfEach);
  check("pairsScores", "level", level, oneOf("char", "word", "token"));
  const chrf = chrF(found, wanted);
  let [exact, edits, symbols] = [0, 0, 0];
  for (const [i, text] of found.entries()) {
    const own = cut(text, level);
    const nearest = wanted[i]!.map((reference) => {
      const labels = cut(reference, level);
      return { edits: editDistance(own, labels), labels: labels.length };
    }).reduce((a, b) => (b.edits < a.edits ? b : a));
    if (nearest.edits === 0) exact += 1;
    edits += nearest.edits;
    symbols += nearest.labels;
  }
  const words = (text: string) =>
    level === "word"
      ? cut(text, "word")
          .map((word) => word.trim())
          .filter((word) => word !== "")
      : cut(text, "token");
  const share = exact / found.length;
  return {
    exact: share,
    sequenceError: 1 - share,
    symbolError: symbols === 0 ? Number(edits > 0) : edits / symbols,
    bleu: bleu(
      found.map(words),
      wanted.map((references) => references.map(words)),
    ),
    chrF: chrf,
  };
}

const texts = listOf(text, "a list of texts");
const textsOfEach = listOf(texts, "a list with the texts that are right for each source");
