import { check, checkSettings, listOf } from "../../check/index.js";
import {
  type Span,
  type SpanMode,
  type SpanOptions,
  type SpanScheme,
  spanKinds,
  spansOf,
  tagList,
} from "./spans.js";

/** How well the spans, or the tags, of one type are found. */
export interface TypeScores {
  readonly type: string;
  /** Of those that were found, how many are right; 0 where none were found. */
  readonly precision: number;
  /** Of those that are there, how many were found; 0 where there are none. */
  readonly recall: number;
  /** Harmonic mean of the two; 0 where both are 0. */
  readonly f1: number;
  /** How many there are, how many were found, and how many of those are right. */
  readonly wanted: number;
  readonly found: number;
  readonly right: number;
}

/** How well spans are found. */
export interface SpanScores extends Omit<TypeScores, "type"> {
  /** How the tags were read. */
  readonly scheme: SpanScheme;
  readonly mode: SpanMode;
  /** By the name of the type. */
  readonly perType: readonly TypeScores[];
}

/**
 * Precision, recall and F1 of the spans that tags write, over all sentences together. A span is right if its type and both its ends are.
 *
 *     precision = right / found,   recall = right / wanted,   F1 = 2 right / (found + wanted)
 *
 * Figures compare only where scheme and mode are the same, so both are named in what is returned.
 *
 * @param found the tags of each sentence that a model gives @param wanted those of the data
 * @throws RangeError if there are not as many tags of both, or a tag is not one of the scheme
 * @see Tjong Kim Sang, De Meulder (2003)
 * @example
 * const scores = spanScores([["B-PER", "O", "B-LOC"]], [["B-PER", "O", "B-ORG"]], { scheme: "IOB2" });
 * [scores.precision, scores.recall, scores.f1]; // [0.5, 0.5, 0.5]
 * scores.perType.map(({ type, f1 }) => [type, f1]); // [["LOC", 0], ["ORG", 0], ["PER", 1]]
 */
export function spanScores(
  found: readonly (readonly string[])[],
  wanted: readonly (readonly string[])[],
  options: SpanOptions,
): SpanScores {
  const { scheme, mode = "conll" } = checkSettings("spanScores", options, spanKinds);
  checkTags("spanScores", found, wanted);
  const name = ({ type, begin, end }: Span) => `${begin} ${end} ${type}`;
  const counts = new Counts();
  for (const [i, tags] of wanted.entries()) {
    const right = spansOf(tags, { scheme, mode });
    const answered = spansOf(found[i]!, { scheme, mode });
    const known = new Set(right.map(name));
    for (const { type } of right) counts.add(type, "wanted");
    for (const span of answered) {
      counts.add(span.type, "found");
      if (known.has(name(span))) counts.add(span.type, "right");
    }
  }
  return { scheme, mode, ...counts.total(), perType: counts.perType() };
}

/** How well tags are found, token by token. */
export interface TagScores {
  /** Share of the tokens whose tag is right. */
  readonly accuracy: number;
  readonly tokens: number;
  /** By the name of the tag. */
  readonly perTag: readonly TypeScores[];
}

/**
 * The share of tokens whose tag is right, and precision, recall and F1 of each tag.
 *
 * @param found the tags of each sentence that a model gives @param wanted those of the data
 * @throws RangeError if there are not as many tags of both, or none
 * @example tagScores([["DET", "NOUN"]], [["DET", "VERB"]]).accuracy // 0.5
 */
export function tagScores(
  found: readonly (readonly string[])[],
  wanted: readonly (readonly string[])[],
): TagScores {
  const tokens = checkTags("tagScores", found, wanted);
  if (tokens === 0) throw new RangeError("tagScores: wanted has no tags, and there is no accuracy of none");
  const counts = new Counts();
  for (const [i, tags] of wanted.entries())
    for (const [t, tag] of tags.entries()) {
      const answer = found[i]![t]!;
      counts.add(tag, "wanted");
      counts.add(answer, "found");
      if (tag === answer) counts.add(tag, "right");
    }
  return { accuracy: counts.total().right / tokens, tokens, perTag: counts.perType() };
}

type Count = "wanted" | "found" | "right";

class Counts {
  private readonly byType = new Map<string, Record<Count, number>>();

  add(type: string, what: Count): void {
    const counts = this.byType.get(type) ?? { wanted: 0, found: 0, right: 0 };
    counts[what] += 1;
    this.byType.set(type, counts);
  }

  perType(): TypeScores[] {
    return [...this.byType]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, counts]) => ({ type, ...scoresOf(counts) }));
  }

  total(): Omit<TypeScores, "type"> {
    const all = { wanted: 0, found: 0, right: 0 };
    for (const counts of this.byType.values())
      for (const what of ["wanted", "found", "right"] as const) all[what] += counts[what];
    return scoresOf(all);
  }
}

function scoresOf({ wanted, found, right }: Readonly<Record<Count, number>>): Omit<TypeScores, "type"> {
  const share = (of: number) => (of === 0 ? 0 : right / of);
  const both = found + wanted;
  return {
    precision: share(found),
    recall: share(wanted),
    f1: both === 0 ? 0 : (2 * right) / both,
    wanted,
    found,
    right,
  };
}

/** @returns tokens */
function checkTags(
  what: string,
  found: readonly (readonly string[])[],
  wanted: readonly (readonly string[])[],
): number {
  check(what, "found", found, sentencesKind);
  check(what, "wanted", wanted, sentencesKind);
  if (found.length !== wanted.length)
    throw new RangeError(
      `${what}: found has the tags of ${found.length} sentences and wanted of ${wanted.length}: they are compared one by one`,
    );
  let tokens = 0;
  for (const [i, tags] of wanted.entries()) {
    if (found[i]!.length !== tags.length)
      throw new RangeError(
        `${what}: found[${i}] has ${found[i]!.length} tags and wanted[${i}] has ${tags.length}; each token has one of both`,
      );
    tokens += tags.length;
  }
  return tokens;
}

const sentencesKind = listOf(tagList, "a list with the tags of each sentence");
