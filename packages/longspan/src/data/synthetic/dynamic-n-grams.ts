import { check, checkSettings, integerIn, isRecord, kind, numbers, optional } from "../../check/index.js";
import { structureKind } from "../../unfold/kinds.js";
import { lengthsFrom, longestOf, makeProblem, type ScoredSequence, scoredOf } from "./make-problem.js";
import type { Lengths, SyntheticBatch, SyntheticProblem } from "./problem.js";

/** Settings of `dynamicNGrams`. */
export interface DynamicNGramsOptions {
  /** Bits of a sequence, more than `context`; Graves et al. have 200. */
  readonly length: Lengths;
  /** How many bits the next one depends on, from 1 to 16; 5 by default. */
  readonly context?: number;
}

/** A sequence is right if its cross-entropy is above the optimum by this share of it at most. */
const tolerance = 0.05;

/**
 * The problem of dynamic N-grams: predict bits whose probabilities depend on the 5 before them, in a way that every sequence draws anew.
 *
 *     p(c) ~ Beta(1/2, 1/2)               for each of the 32 contexts c, for each sequence
 *     bit(t) = 1 with probability p(bit(t-5) .. bit(t-1));  the first 5 bits are fair
 *
 * x(t) is bit t, all but the last, and the answer to it is bit t + 1. The last L - 5 of the L - 1 steps are scored: their contexts are
 * complete. No net can be sure of the bits; the best that can be done is the estimator of Krichevsky and Trofimov, which counts what
 * followed a context so far (`nGramOptimum`). A sequence is wrong unless its cross-entropy is at most 1.05 times that of the optimum.
 * Without memory, the loss is ln 2 per step.
 *
 * @throws RangeError if a length is not above the context, or that is not from 1 to 16
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", section 4.4, after Murphy (2012)
 * @example dynamicNGrams({ length: 200 }).sample(Key.of(1), 0, 10).targets.length // 1950
 */
export function dynamicNGrams(options: DynamicNGramsOptions): SyntheticProblem {
  const asked = isRecord(options) && contextKind.accepts(options.context) ? Number(options.context) : 5;
  const { length, context = 5 } = checkSettings("dynamicNGrams", options, {
    length: lengthsFrom(asked + 1, "a bit is predicted from those before it"),
    context: optional(contextKind),
  });
  return makeProblem({
    name: "n-grams",
    input: 1,
    output: 1,
    answer: "bits",
    scored: "some steps",
    steps: longestOf(length) - 1,
    baseline: Math.LN2,
    lengths: length,
    stepsOf: (bits) => bits - 1,
    draw(draws, steps) {
      // sin^2 of a uniform angle has the distribution Beta(1/2, 1/2).
      const p = Array.from({ length: 2 ** context }, () => Math.sin((Math.PI / 2) * draws.uniform()) ** 2);
      const bits: number[] = [];
      for (let t = 0; t <= steps; t++)
        bits.push(draws.uniform() < (t < context ? 0.5 : p[contextOf(bits, t, context)]!) ? 1 : 0);
      return {
        x: Float32Array.from(bits.slice(0, -1)),
        scored: Array.from({ length: steps + 1 - context }, (_, i) => context - 1 + i),
        targets: bits.slice(context),
      };
    },
    right({ outputs, batch, indices }) {
      const found = indices.reduce((sum, i) => sum + costOf(outputs[i]!, batch.targets[i]!), 0);
      const best = estimates(bitsOf(batch, indices, context), context).reduce(
        (sum, p) => sum - Math.log(p),
        0,
      );
      return found <= (1 + tolerance) * best;
    },
  });
}

/**
 * The loss of the best predictions that can be made on sequences of `dynamicNGrams`: those of Krichevsky and Trofimov.
 *
 *     p(bit(t) = 1 | context) = (n1 + 1/2) / (n0 + n1 + 1)
 *
 * n0 and n1 are how often 0 and 1 followed the context before t, in the same sequence. It is the mean of what is known of p(c), so no
 * prediction has a smaller loss over many sequences.
 *
 * @param batch of `dynamicNGrams` @param context that of the problem
 * @returns the mean over the scored rows, in nats
 * @see Krichevsky, Trofimov (1981), "The performance of universal encoding"; Graves, Wayne, Danihelka (2014), equation 10
 * @example nGramOptimum(dynamicNGrams({ length: 200 }).sample(Key.of(1), 0, 100)) // about 0.45, less than ln 2
 */
export function nGramOptimum(batch: SyntheticBatch, context = 5): number {
  check("nGramOptimum", "batch", batch, batchKind);
  check("nGramOptimum", "context", context, contextKind);
  let total = 0;
  for (const indices of scoredOf(batch))
    for (const p of estimates(bitsOf(batch, indices, context), context)) total -= Math.log(p);
  return total / batch.scored.length;
}

/** All bits of a sequence: what comes before the scored steps from the inputs, the others from the answers. */
function bitsOf(
  { x, structure, targets, scored }: SyntheticBatch,
  indices: ScoredSequence["indices"],
  context: number,
): number[] {
  const sequence = structure.parts.sequenceOf[scored[indices[0]!]!]!;
  const first: number[] = [];
  // The first steps of all sequences come first.
  for (let row = 0; first.length < context; row++)
    if (structure.parts.sequenceOf[row] === sequence) first.push(x[row]!);
  return [...first, ...indices.map((i) => targets[i]!)];
}

/** The probabilities that the estimator gives to the bits that came, from the first with a whole context on. */
function estimates(bits: readonly number[], context: number): number[] {
  const counts = new Float64Array(2 * 2 ** context).fill(0.5);
  return bits.slice(context).map((bit, i) => {
    const at = 2 * contextOf(bits, i + context, context);
    const p = counts[at + bit]! / (counts[at]! + counts[at + 1]!);
    counts[at + bit]! += 1;
    return p;
  });
}

/** The bits before t as a number. */
function contextOf(bits: readonly number[], t: number, context: number): number {
  let c = 0;
  for (let i = t - context; i < t; i++) c = 2 * c + bits[i]!;
  return c;
}

/** ln(1 + e^o) - o y, without overflow. */
function costOf(o: number, y: number): number {
  return Math.max(o, 0) - o * y + Math.log1p(Math.exp(-Math.abs(o)));
}

const contextKind = integerIn(1, 16);
const batchKind = kind(
  "a batch, such as dynamicNGrams({ length: 200 }).sample gives",
  (value) =>
    isRecord(value) &&
    numbers.accepts(value.x) &&
    numbers.accepts(value.scored) &&
    numbers.accepts(value.targets) &&
    structureKind.accepts(value.structure),
);
