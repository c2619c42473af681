import { check, checkSettings, count, type KindsOf, optional, size } from "../check/index.js";
import { drawSymbol } from "../nn/sampling-distribution.js";
import type { Key } from "../tensor/index.js";
import { keyKind } from "../tensor/kinds.js";
import { drawFrom, type Gapped, gappedKind, type Imputed, normalise, placesOf } from "./gaps.js";
import { type Said, type StepModel, stepModelKind } from "./step-model.js";

/** How missing values are estimated by Gibbs sampling. */
export interface GibbsSettings {
  readonly key: Key;
  /** Sweeps over all missing values that count. */
  readonly sweeps: number;
  /** Sweeps before those, which do not count; a tenth of the sweeps by default. */
  readonly burnIn?: number;
  /** Chains side by side, each from a start of its own; 1 by default. They share the calls of the model. */
  readonly chains?: number;
}

/**
 * The distribution of missing values in the middle of a sequence, by Gibbs sampling. A recurrent model gives every symbol its distribution
 * given those before it; given those after it too, it has to be asked what would have come of each value:
 *
 *     P(y(i) = v | all others)  ~  P(y(i) = v | y(<i))  product over t > i of P(y(t) | y(<t), y(i) = v)
 *
 * Each sweep draws every missing value anew from this, with the others held. The estimate is the mean of these distributions over the
 * sweeps, which varies less than counts of what was drawn.
 *
 * The cost of a sweep is, for each missing value, vocabulary rows over all steps that follow it: about vocabulary x missing x length
 * / 2 rows, where scoring the sequence once is length rows. It is exact as sweeps go to infinity, but where missing values hang together
 * tightly, a chain that changes one at a time may stay where it began: compare chains, or `imputeByParticles`.
 *
 * @param model of one sequence
 * @param symbols null where one is missing
 * @throws RangeError for a symbol that is none; where what was drawn at first, or what was observed, has no probability
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3 (missing values are what makes this model hard) and 17.4 (Gibbs sampling)
 * @example
 * const model = markovModel([[0, 1, 2, 0, 1, 2]], { order: 1, vocabulary: 3 });
 * const { positions, marginals } = imputeByGibbs(model.steps(), [0, null, 2], { key: Key.of(1), sweeps: 100 });
 * positions // [ 1 ]
 * marginals[0]!.indexOf(Math.max(...marginals[0]!)) // 1
 */
export function imputeByGibbs<S>(model: StepModel<S>, symbols: Gapped, settings: GibbsSettings): Imputed {
  check("imputeByGibbs", "model", model, stepModelKind);
  check("imputeByGibbs", "symbols", symbols, gappedKind);
  const {
    key,
    sweeps,
    burnIn = Math.ceil(sweeps / 10),
    chains = 1,
  } = checkSettings("imputeByGibbs", settings, kinds);
  const positions = placesOf("imputeByGibbs", model, symbols);
  const marginals = positions.map(() => new Float64Array(model.vocabulary));
  if (positions.length === 0) return { positions, marginals };
  const filled = Array.from({ length: chains }, () => Array.from(symbols, (symbol) => symbol ?? -1));
  for (let sweep = 0; sweep < burnIn + sweeps; sweep++)
    sweepOver(model, positions, filled, key.fold(sweep), (position, p) => {
      if (sweep < burnIn) return;
      for (const [v, x] of p.entries()) marginals[position]![v]! += x / (sweeps * chains);
    });
  return { positions, marginals };
}

const kinds: KindsOf<GibbsSettings> = {
  key: keyKind,
  sweeps: size,
  burnIn: optional(count),
  chains: optional(size),
};

/**
 * Draws each missing value of each chain in turn. A chain that is new, -1 at its gaps, is drawn forwards, not looking at what comes after.
 * @param report is given the number of a place and the distribution that one chain drew from
 */
function sweepOver<S>(
  model: StepModel<S>,
  positions: readonly number[],
  filled: readonly number[][],
  key: Key,
  report: (position: number, p: Float64Array) => void,
): void {
  const { vocabulary: V } = model;
  const [chains, T] = [filled.length, filled[0]!.length];
  const isNew = filled[0]![positions[0]!] === -1;
  const begun = model.start();
  let said: Said<S> = {
    logProbabilities: repeated(begun.logProbabilities, V, chains),
    state: model.select(begun.state, new Int32Array(chains)),
  };
  model.release?.(begun.state);
  const last = positions.at(-1)!;
  for (let t = 0; t <= last; t++) {
    const position = positions.indexOf(t);
    if (position >= 0) {
      const later = isNew || !model.copy ? said.state : model.copy(said.state);
      const weights = isNew ? said.logProbabilities : outlooks(model, said, filled, t);
      said = { ...said, state: later };
      filled.forEach((chain, c) => {
        const p = weights.slice(c * V, (c + 1) * V);
        const own = key.fold(c).fold(t);
        if (normalise(p) === Number.NEGATIVE_INFINITY)
          throw new RangeError(
            `imputeByGibbs: no value at place ${t} has a probability with the others as they are: what was observed is impossible under the model, or what was drawn at first does not fit it; try another key, more chains, or imputeByParticles`,
          );
        chain[t] = isNew
          ? drawFrom(said.logProbabilities.slice(c * V, (c + 1) * V), own)
          : drawSymbol(p, own);
        if (!isNew) report(position, p);
      });
    }
    if (t < last) {
      const before = said.state;
      said = model.step(
        before,
        Int32Array.from(filled, (chain) => chain[t]!),
      );
      model.release?.(before);
    }
  }
  model.release?.(said.state);
  // The first sweep only begins.
  if (isNew) sweepOver(model, positions, filled, key.fold(T), report);
}

/** ln of what P(y(i) = v | all others) is proportional to, for each chain and value: [chains, vocabulary]. */
function outlooks<S>(
  model: StepModel<S>,
  said: Said<S>,
  filled: readonly (readonly number[])[],
  i: number,
): Float64Array {
  const { vocabulary: V } = model;
  const [chains, T] = [filled.length, filled[0]!.length];
  const weights = said.logProbabilities.slice();
  if (i === T - 1) return weights;
  const rows = chains * V;
  let state = model.select(
    said.state,
    Int32Array.from({ length: rows }, (_, r) => Math.floor(r / V)),
  );
  let symbols = Int32Array.from({ length: rows }, (_, r) => r % V);
  for (let t = i + 1; t < T; t++) {
    const next = model.step(state, symbols);
    model.release?.(state);
    symbols = Int32Array.from({ length: rows }, (_, r) => filled[Math.floor(r / V)]![t]!);
    for (let r = 0; r < rows; r++) weights[r]! += next.logProbabilities[r * V + symbols[r]!]!;
    state = next.state;
  }
  model.release?.(state);
  return weights;
}

function repeated(row: Float64Array, width: number, times: number): Float64Array {
  return Float64Array.from({ length: width * times }, (_, i) => row[i % width]!);
}
