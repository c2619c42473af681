import { type Gapped, imputeByGibbs, imputeByParticles, Key, languageModel, languageSteps } from "longspan";
import { describe, expect, test } from "vitest";
import { all, logProbability, pastModel } from "./plain-model.js";

/** Exact marginals of what is missing, and ln P of what was observed, by going through all that it may have been. */
function enumerated(symbols: Gapped, vocabulary: number, logP: (whole: number[]) => number) {
  const places = symbols.flatMap((symbol, t) => (symbol === null ? [t] : []));
  const marginals = places.map(() => new Float64Array(vocabulary));
  let total = 0;
  for (const values of all(vocabulary, places.length)) {
    const p = Math.exp(logP(symbols.map((symbol, t) => symbol ?? values[places.indexOf(t)]!)));
    total += p;
    values.forEach((v, i) => {
      marginals[i]![v]! += p;
    });
  }
  return { marginals: marginals.map((m) => m.map((p) => p / total)), logEvidence: Math.log(total) };
}

const variation = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, p, i) => sum + Math.abs(p - b[i]!), 0) / 2;

describe("missing values", () => {
  const cases: Gapped[] = [
    [0, null, 2, 1, 1],
    [null, 1, null, 0, null],
    [2, 2, null, null, 1, 0],
    [1, 0, null],
  ];

  test.each(cases.map((symbols, i) => [i, symbols] as const))(
    "case %i: %j within 0.02 of enumeration",
    (i, symbols) => {
      const exact = enumerated(symbols, 3, (whole) => logProbability(i, 0, whole, 3));
      const model = pastModel(i, 3);
      const gibbs = imputeByGibbs(model, symbols, { key: Key.of(1), sweeps: 500, chains: 4 });
      const particles = imputeByParticles(model, symbols, { key: Key.of(2), particles: 8000 });
      expect(gibbs.positions).toEqual(particles.positions);
      exact.marginals.forEach((p, place) => {
        expect(variation(gibbs.marginals[place]!, p)).toBeLessThan(0.02);
        expect(variation(particles.marginals[place]!, p)).toBeLessThan(0.02);
        expect(gibbs.marginals[place]!.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      });
      expect(Math.abs(particles.logEvidence - exact.logEvidence)).toBeLessThan(0.03);
    },
  );

  test("of a recurrent language model, after a prompt", () => {
    const net = languageModel({ vocabulary: 3, features: 3, hidden: 5 });
    const params = net.init(Key.of(3), "float64");
    const wide = { ...params, readout: { ...params.readout, b: params.readout.b } };
    const model = languageSteps(net, wide, { prompts: [[2, 1]] });
    const symbols: Gapped = [null, 1, null, 0];
    const logP = (whole: number[]) => {
      let said = model.start();
      return whole.reduce((sum, symbol) => {
        const p = said.logProbabilities[symbol]!;
        said = model.step(said.state, Int32Array.of(symbol));
        return sum + p;
      }, 0);
    };
    const exact = enumerated(symbols, 3, logP);
    const gibbs = imputeByGibbs(model, symbols, { key: Key.of(1), sweeps: 300, chains: 3 });
    const particles = imputeByParticles(model, symbols, { key: Key.of(2), particles: 6000 });
    exact.marginals.forEach((p, place) => {
      expect(variation(gibbs.marginals[place]!, p)).toBeLessThan(0.02);
      expect(variation(particles.marginals[place]!, p)).toBeLessThan(0.02);
    });
  });

  test.each([2, 3])("resampling: what is observed leaves few particles, seed %i", (seed) => {
    const symbols: Gapped = [null, 1, null, 0, null, 2];
    const exact = enumerated(symbols, 3, (whole) => logProbability(seed, 0, whole, 3, 6));
    const model = pastModel(seed, 3, 1, 6);
    const particles = imputeByParticles(model, symbols, { key: Key.of(2), particles: 40000 });
    exact.marginals.forEach((p, place) => {
      expect(variation(particles.marginals[place]!, p), `place ${place}`).toBeLessThan(0.02);
    });
    expect(Math.abs(particles.logEvidence - exact.logEvidence)).toBeLessThan(0.1);
  });

  test("nothing missing, and errors", () => {
    const model = pastModel(1, 3);
    expect(imputeByGibbs(model, [0, 1], { key: Key.of(1), sweeps: 5 })).toEqual({
      positions: [],
      marginals: [],
    });
    const { logEvidence } = imputeByParticles(model, [0, 1], { key: Key.of(1), particles: 5 });
    expect(logEvidence).toBeCloseTo(logProbability(1, 0, [0, 1], 3), 12);
    expect(() =>
      imputeByGibbs(model, [0, 3], { key: Key.of(1), sweeps: 5 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: imputeByGibbs: symbols[1] is 3, expected a symbol from 0 to 2, or null]`,
    );
    expect(() =>
      imputeByParticles(pastModel(1, 3, 2), [0], { key: Key.of(1), particles: 5 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: imputeByParticles: model is asked about 2 sequences, expected one: that whose values are missing]`,
    );
    const says = (state: null, rows: number) => ({
      logProbabilities: Float64Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? 0 : -Infinity)),
      state,
    });
    const zero = {
      vocabulary: 2,
      sequences: 1,
      start: () => says(null, 1),
      step: (s: null, y: Int32Array) => says(s, y.length),
      select: () => null,
    };
    expect(() =>
      imputeByGibbs(zero, [null, 1], { key: Key.of(1), sweeps: 5 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: imputeByGibbs: no value at place 0 has a probability with the others as they are: what was observed is impossible under the model, or what was drawn at first does not fit it; try another key, more chains, or imputeByParticles]`,
    );
    expect(() =>
      imputeByParticles(zero, [null, 1], { key: Key.of(1), particles: 5 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: imputeByParticles: no particle gives symbols[1], 1, a probability; take more particles, or look whether the model allows what was observed]`,
    );
  });
});
