import {
  checkSettings,
  finitePositive,
  isRecord,
  kind,
  optional,
  type RequiredKind,
} from "../../check/index.js";
import type { RandomNumbers } from "../../tensor/index.js";
import { lengthsFrom, longestOf, makeProblem, rightClasses } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `multiQueryRecall`. */
export interface MultiQueryRecallOptions {
  /** How many keys come with a value. */
  readonly pairs: Lengths;
  /** Steps of a sequence, at least 4 for each pair; 16 for each pair by default, as in the paper. */
  readonly steps?: number;
  /** How many keys there are, and how many values; 64 of each by default, or as many as pairs if those are more. */
  readonly symbols?: number;
  /** a in the distribution of how soon a key comes again; 0.01 by default. Near 0 most come soon; 1 makes all places alike. */
  readonly power?: number;
}

/**
 * Multi-query associative recall (MQAR): pairs of a key and a value come, and then each key comes again, some sooner and some later. Its
 * value is to be given at once.
 *
 *     input    k1 v1 k2 v2 .. | .  .  k2 .  .  .  k1 .  ..        . is a step of zeros
 *     answer                  |       v2          v1
 *
 * A step's input is one-hot, the keys' features first, then the values'. The keys of a sequence differ; its values are drawn each by
 * itself. Each key comes again once, at a place 2 g behind the pairs, the g of a sequence all different and drawn with P(g) in proportion
 * to (g + 1)^(a - 1). Only these steps are scored; the answer is one of the values. All sequences of a batch have the same number of pairs.
 * A sequence is wrong if any of its answers is. Without memory, the loss is ln(symbols).
 *
 * The paper has 8192 symbols, and symbols at random where here are zeros.
 *
 * @throws RangeError if there are no pairs, fewer than 4 steps for one, or fewer symbols than pairs
 * @see Arora et al. (2023), "Zoology: measuring and improving recall in efficient language models", section 3.2 and appendix
 * @example
 * const { structure, scored } = multiQueryRecall({ pairs: 4 }).sample(Key.of(1), 0, 3);
 * [structure.nodes, scored.length] // [ 192, 12 ]
 */
export function multiQueryRecall(options: MultiQueryRecallOptions): SyntheticProblem {
  const pairsKind = lengthsFrom(1, "there is nothing to recall without one");
  const asked = isRecord(options) ? options.pairs : undefined;
  const most = pairsKind.accepts(asked) ? longestOf(asked as Lengths) : 1;
  const {
    pairs,
    steps,
    symbols = Math.max(64, most),
    power = 0.01,
  } = checkSettings("multiQueryRecall", options, {
    pairs: pairsKind,
    steps: optional(integerFrom(4 * most, `4 for each of ${most} pairs`)),
    symbols: optional(integerFrom(most, `the keys of ${most} pairs differ`)),
    power: optional(finitePositive),
  });
  const stepsOf = (n: number) => steps ?? 16 * n;
  return makeProblem({
    name: "multi-query-recall",
    input: 2 * symbols,
    output: symbols,
    answer: "class",
    scored: "some steps",
    steps: stepsOf(most),
    baseline: Math.log(symbols),
    lengths: pairs,
    stepsOf,
    draw(draws, length, n) {
      const keys = different(n, () => draws.below(symbols));
      const values = keys.map(() => draws.below(symbols));
      const gaps = different(n, placesBy(draws, Math.floor(length / 2) - n, power));
      const x = new Float32Array(length * 2 * symbols);
      const show = (step: number, feature: number) => {
        x[step * 2 * symbols + feature] = 1;
      };
      for (const [i, key] of keys.entries()) {
        show(2 * i, key);
        show(2 * i + 1, symbols + values[i]!);
        show(2 * n + 2 * gaps[i]!, key);
      }
      const order = [...keys.keys()].sort((a, b) => gaps[a]! - gaps[b]!);
      return { x, scored: order.map((i) => 2 * n + 2 * gaps[i]!), targets: order.map((i) => values[i]!) };
    },
    right: rightClasses,
  });
}

/** So many numbers that differ, in the order in which they first come. */
function different(count: number, draw: () => number): number[] {
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(draw());
  return [...drawn];
}

/** Draws g of 0 .. count - 1 in proportion to (g + 1)^(power - 1). */
function placesBy(draws: RandomNumbers, count: number, power: number): () => number {
  const sums: number[] = [];
  for (let g = 0, total = 0; g < count; g++) {
    total += (g + 1) ** (power - 1);
    sums.push(total);
  }
  return () => {
    const at = draws.uniform() * sums.at(-1)!;
    // The last one for a number that rounding has made the sum itself.
    return sums.findIndex((sum, g) => at < sum || g === count - 1);
  };
}

function integerFrom(least: number, why: string): RequiredKind {
  return kind(
    `an integer of at least ${least}: ${why}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
  );
}
