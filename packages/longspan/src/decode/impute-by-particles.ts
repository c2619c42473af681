import { check, checkSettings, type KindsOf, size } from "../check/index.js";
import { uniformNumber } from "../nn/sampling-distribution.js";
import type { Key } from "../tensor/index.js";
import { keyKind } from "../tensor/kinds.js";
import { drawFrom, type Gapped, gappedKind, type Imputed, normalise, placesOf, range } from "./gaps.js";
import { advance, type StepModel, stepModelKind } from "./step-model.js";

/** How missing values are estimated by particles. */
export interface ParticleSettings {
  readonly key: Key;
  /** Sequences that are carried along. */
  readonly particles: number;
}

/** What particles say of missing values, and of what was observed. */
export interface ImputedByParticles extends Imputed {
  /** An estimate of ln P(all that was observed), in nats; that of the probability itself is right on average. */
  readonly logEvidence: number;
}

/**
 * The distribution of missing values in the middle of a sequence, by particles (sequential importance sampling with resampling). Each
 * particle is a sequence: it draws what is missing from the model, given what it has so far, and is weighted by how probable it makes
 * what was observed. Where the weights have gathered on few, less than half by 1 / sum of w^2, particles are drawn anew by their weights.
 *
 * The cost is particles x length rows, whatever the vocabulary: for large vocabularies far below `imputeByGibbs`. But a particle draws
 * without looking ahead, and old gaps are known by those particles only whose lines survived: for gaps that what comes much later decides,
 * many particles are needed.
 *
 * @param model of one sequence
 * @param symbols null where one is missing
 * @throws RangeError for a symbol that is none; where no particle gives what was observed a probability
 * @see Doucet, Johansen (2009), "A tutorial on particle filtering and smoothing"; Goodfellow, Bengio, Courville (2016), section 10.2.3
 * @example
 * const model = markovModel([[0, 1, 2, 0, 1, 2]], { order: 1, vocabulary: 3 });
 * const { marginals } = imputeByParticles(model.steps(), [0, null, 2], { key: Key.of(1), particles: 200 });
 * marginals[0]!.indexOf(Math.max(...marginals[0]!)) // 1
 */
export function imputeByParticles<S>(
  model: StepModel<S>,
  symbols: Gapped,
  settings: ParticleSettings,
): ImputedByParticles {
  check("imputeByParticles", "model", model, stepModelKind);
  check("imputeByParticles", "symbols", symbols, gappedKind);
  const { key, particles: N } = checkSettings("imputeByParticles", settings, kinds);
  const positions = placesOf("imputeByParticles", model, symbols);
  const { vocabulary: V } = model;
  /** What each particle drew, place by place. */
  let drawn: readonly (readonly number[])[] = Array.from({ length: N }, () => []);
  let weights: Float64Array = new Float64Array(N).fill(1 / N);
  let logEvidence = 0;
  let said = model.start();
  // All particles begin as one.
  let parents: Int32Array = new Int32Array(N);
  let rows = 1;
  for (const [t, symbol] of symbols.entries()) {
    const row = (n: number) => said.logProbabilities.subarray(parents[n]! * V, (parents[n]! + 1) * V);
    let read: Int32Array;
    if (symbol === null) {
      read = Int32Array.from({ length: N }, (_, n) => drawFrom(row(n), key.fold(t).fold(n)));
      drawn = drawn.map((line, n) => [...line, read[n]!]);
    } else {
      read = new Int32Array(N).fill(symbol);
      weights = weights.map((w, n) => Math.log(w) + row(n)[symbol]!);
      logEvidence += normalise(weights);
      if (logEvidence === Number.NEGATIVE_INFINITY)
        throw new RangeError(
          `imputeByParticles: no particle gives symbols[${t}], ${symbol}, a probability; take more particles, or look whether the model allows what was observed`,
        );
    }
    if (t === symbols.length - 1) break;
    if (1 / weights.reduce((sum, w) => sum + w * w, 0) < N / 2) {
      const chosen = systematic(weights, key.fold(t).fold(N));
      drawn = Array.from(chosen, (n) => drawn[n]!);
      [read, parents] = [chosen.map((n) => read[n]!), chosen.map((n) => parents[n]!)];
      weights = new Float64Array(N).fill(1 / N);
    }
    said = advance(model, said.state, parents, read, rows);
    [parents, rows] = [range(N), N];
  }
  model.release?.(said.state);
  const marginals = positions.map((_, position) => {
    const p = new Float64Array(V);
    drawn.forEach((line, n) => {
      p[line[position]!]! += weights[n]!;
    });
    return p;
  });
  return { positions, marginals, logEvidence };
}

const kinds: KindsOf<ParticleSettings> = { key: keyKind, particles: size };

/** As many numbers as there are weights, each about as often as its weight says: one draw moves a comb of even steps over them. */
function systematic(weights: Float64Array, key: Key): Int32Array {
  const N = weights.length;
  const offset = uniformNumber(key);
  const chosen = new Int32Array(N);
  let [n, sum] = [0, weights[0]!];
  for (let i = 0; i < N; i++) {
    while (sum < (i + offset) / N && n < N - 1) sum += weights[++n]!;
    chosen[i] = n;
  }
  return chosen;
}
