import { checkSettings, oneOf, optional, size } from "../../check/index.js";
import { lengthsFrom, longestOf, makeProblem, oneHot, rightClasses } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** The languages of `formalLanguage`. */
export type FormalLanguageName = "an-bn" | "an-bn-cn" | "an-bn-cn-dn" | "an-b2n" | "an-bm-cnm";

/** A language whose strings are runs of symbols: a, then b, and so on. */
interface Language {
  /** The lengths of the runs. */
  runs(n: number, m: number): readonly number[];
  /** The first run whose length is determined by those before it. */
  readonly determined: number;
  /** A determined run over n, in the mean. */
  readonly factor: number;
}

const languages: Readonly<Record<FormalLanguageName, Language>> = {
  "an-bn": { runs: (n) => [n, n], determined: 1, factor: 1 },
  "an-bn-cn": { runs: (n) => [n, n, n], determined: 1, factor: 1 },
  "an-bn-cn-dn": { runs: (n) => [n, n, n, n], determined: 1, factor: 1 },
  "an-b2n": { runs: (n) => [n, 2 * n], determined: 1, factor: 2 },
  "an-bm-cnm": { runs: (n, m) => [n, m, n + m], determined: 2, factor: 2 },
};

/** Settings of `formalLanguage`. */
export interface FormalLanguageOptions {
  readonly language: FormalLanguageName;
  /** n, and m, each drawn for each string. Joulin and Mikolov train with 1 to 19 and test to 60. */
  readonly n: Lengths;
  /** Strings of a sequence, one after the other; 1 by default. */
  readonly strings?: number;
}

/**
 * A formal language: predict the next symbol of strings that only who counts can predict.
 *
 * | language    | strings             | scored                                        |
 * | ----------- | ------------------- | --------------------------------------------- |
 * | an-bn       | a^n b^n             | what follows each b                           |
 * | an-bn-cn    | a^n b^n c^n         | what follows each b and c                     |
 * | an-bn-cn-dn | a^n b^n c^n d^n     | what follows each b, c and d                  |
 * | an-b2n      | a^n b^2n            | what follows each b                           |
 * | an-bm-cnm   | a^n b^m c^(n+m)     | what follows each c                           |
 *
 * x(t) is the symbol at step t, one-hot over the symbols of the language, and the answer is the class of the next one; after the last symbol
 * of a string it is a, with which the next begins. Only what is determined is scored: the end of a run of a, or of b where m is free, cannot
 * be known. Sequences have different lengths. A sequence is wrong if any of its scored steps is. Who knows only the last symbol has the loss
 *
 *     - q ln q - (1 - q) ln(1 - q),   1/q the mean length of a determined run
 *
 * @throws RangeError if n or the number of strings is below 1, or there is no such language
 * @see Joulin, Mikolov (2015), "Inferring algorithmic patterns with stack-augmented recurrent nets", table 1
 * @example
 * const { targets } = formalLanguage({ language: "an-bn", n: 3 }).sample(Key.of(1), 0, 1);
 * [...targets] // [ 1, 1, 0 ]: after aaab come b, b and the next a
 */
export function formalLanguage(options: FormalLanguageOptions): SyntheticProblem {
  const {
    language,
    n: lengths,
    strings = 1,
  } = checkSettings("formalLanguage", options, {
    language: oneOf(...Object.keys(languages)),
    n: lengthsFrom(1, "a string has one a at least"),
    strings: optional(size),
  });
  const { runs, determined, factor } = languages[language];
  const [fewest, most] = typeof lengths === "number" ? [lengths, lengths] : lengths;
  const symbols = runs(1, 1).length;
  const q = 2 / (factor * (fewest + most));
  return makeProblem({
    name: language,
    input: symbols,
    output: symbols,
    answer: "class",
    scored: "some steps",
    steps: strings * total(runs(longestOf(lengths), longestOf(lengths))),
    baseline: q === 1 ? 0 : -q * Math.log(q) - (1 - q) * Math.log(1 - q),
    draw(draws) {
      const number = () => fewest + draws.below(most - fewest + 1);
      const text: number[] = [];
      for (let s = 0; s < strings; s++)
        for (const [symbol, count] of runs(number(), number()).entries())
          text.push(...new Array<number>(count).fill(symbol));
      const scored = [...text.keys()].filter((t) => text[t]! >= determined);
      return { x: oneHot(text, symbols), scored, targets: scored.map((t) => text[t + 1] ?? 0) };
    },
    right: rightClasses,
  });
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, n) => sum + n, 0);
}
