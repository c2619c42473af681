import { check, checkSettings, type KindsOf } from "../check/index.js";
import { type SamplingSettings, samplingDistribution } from "../nn/index.js";
import { drawSymbol, excluded, samplingKinds } from "../nn/sampling-distribution.js";
import type { Key } from "../tensor/index.js";
import { keyKind } from "../tensor/kinds.js";
import { type Decoded, limitKinds, limitsOf, type SequenceLimits } from "./allowed.js";
import { oneEach } from "./one-each.js";
import { type StepModel, stepModelKind } from "./step-model.js";

/** How sequences are drawn. */
export interface SampleSettings extends SequenceLimits, SamplingSettings {
  /** The key of the draws: symbol t of sequence s is drawn with stream t of stream s of it. */
  readonly key: Key;
}

/**
 * Draws one sequence for each of the batch, symbol by symbol (ancestral sampling). With limits or settings, what is left at each step is
 * divided by its sum, as `samplingDistribution` says; the log-probability that comes back is the model's own.
 *
 * What is drawn for a sequence depends on the key and on its number, not on the others of the batch.
 *
 * @returns one per sequence
 * @throws RangeError if a setting is impossible, or nothing that is allowed has a probability
 * @see Goodfellow, Bengio, Courville (2016), sections 10.2.3 and 16.3
 * @example
 * const model = languageModel({ vocabulary: 5, features: 4, hidden: 8 });
 * const steps = languageSteps(model, model.init(Key.of(1)), { sequences: 3 });
 * const texts = sampleSequences(steps, { key: Key.of(2), end: 0, length: 10, topP: 0.9 });
 * texts.map(({ symbols }) => symbols.length); // three lengths of at most 10
 */
export function sampleSequences<S>(model: StepModel<S>, settings: SampleSettings): Decoded[] {
  check("sampleSequences", "model", model, stepModelKind);
  const { key, length, end, atLeast, candidates, ...sampling } = checkSettings(
    "sampleSequences",
    settings,
    kinds,
  );
  const supplied = Object.fromEntries(
    Object.entries({ length, end, atLeast, candidates }).filter(([, value]) => value !== undefined),
  ) as unknown as SequenceLimits;
  const limits = limitsOf("sampleSequences", supplied, model);
  excluded("sampleSequences", sampling, model.vocabulary);
  return oneEach("sampleSequences", model, limits, ({ logProbabilities, allowed, sequence, step }) => {
    const logits = allowed.map((symbol) => logProbabilities[symbol]!);
    const { exclude = [], ...others } = sampling;
    const left = exclude.flatMap((symbol) => {
      const at = allowed.indexOf(symbol);
      return at < 0 ? [] : [at];
    });
    const distribution = samplingDistribution(logits, { ...others, exclude: left });
    return allowed[drawSymbol(distribution, key.fold(sequence).fold(step))]!;
  });
}

const kinds: KindsOf<SampleSettings> = { ...limitKinds, ...samplingKinds, key: keyKind };
