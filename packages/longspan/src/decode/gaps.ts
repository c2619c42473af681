import { describe, kind, type RequiredKind } from "../check/index.js";
import { drawSymbol } from "../nn/sampling-distribution.js";
import type { Key } from "../tensor/index.js";
import type { StepModel } from "./step-model.js";

/** What is known of the values that were missing. */
export interface Imputed {
  /** The places of the missing values, from 0. */
  readonly positions: number[];
  /** For each place, the estimated distribution of its value given all that was observed: [vocabulary]. */
  readonly marginals: Float64Array[];
}

/** A symbol, or null where it is missing. */
export type Gapped = readonly (number | null)[];

/** A sequence with gaps; its symbols are not looked at. */
export const gappedKind: RequiredKind = kind(
  "a list of symbols, with null where one is missing",
  (supplied) =>
    Array.isArray(supplied) && supplied.every((symbol) => symbol === null || typeof symbol === "number"),
);

/** The places of what is missing. @throws RangeError for a symbol that is none, or a model of several sequences */
export function placesOf(what: string, model: StepModel, symbols: Gapped): number[] {
  if (model.sequences !== 1)
    throw new RangeError(
      `${what}: model is asked about ${model.sequences} sequences, expected one: that whose values are missing`,
    );
  const positions: number[] = [];
  symbols.forEach((symbol, t) => {
    if (symbol === null) positions.push(t);
    else if (!Number.isInteger(symbol) || symbol < 0 || symbol >= model.vocabulary)
      throw new RangeError(
        `${what}: symbols[${t}] is ${describe(symbol)}, expected a symbol from 0 to ${model.vocabulary - 1}, or null`,
      );
  });
  return positions;
}

/** Turns logarithms of weights into probabilities, in place, and returns the logarithm of their sum. */
export function normalise(logWeights: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const w of logWeights) if (w > most) most = w;
  if (most === Number.NEGATIVE_INFINITY) return most;
  let total = 0;
  for (let i = 0; i < logWeights.length; i++) total += logWeights[i] = Math.exp(logWeights[i]! - most);
  for (let i = 0; i < logWeights.length; i++) logWeights[i]! /= total;
  return most + Math.log(total);
}

/** A symbol from the logarithms of a row's probabilities. */
export function drawFrom(logProbabilities: Float64Array, key: Key): number {
  const p = logProbabilities.slice();
  normalise(p);
  return drawSymbol(p, key);
}

/** 0, 1, 2, ... */
export function range(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}
