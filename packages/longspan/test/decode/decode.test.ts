import {
  additiveAddressing,
  argmax,
  attend,
  beamSearch,
  categoricalOutput,
  chain,
  crossEntropySum,
  defaultExecutor,
  equal,
  fedBack,
  freeRunning,
  greedy,
  gru,
  iota,
  Key,
  languageModel,
  languageSteps,
  logConditionals,
  logLikelihood,
  mapTree,
  mul,
  normal,
  ones,
  recurrent,
  reshape,
  rnn,
  type SequenceCell,
  type Shapes,
  sampleSequences,
  scoreSequences,
  sequenceLayer,
  slice,
  teacherForcing,
  tensor,
  unfold,
  type Value,
  where,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, numbers } from "../nn/plain.js";
import { all, logProbability, pastModel } from "./plain-model.js";

const end = 0;

const oneHotOf = (x: Value, n: number) =>
  where(equal(reshape(x, [...x.shape, 1]), iota([n])), ones([n]), zeros([n]));

/** All whole sequences of 0 to `length` symbols of a past model, with their probabilities, the best first. */
function enumerated(seed: number, sequence: number, vocabulary: number, length: number, a = 0) {
  const whole = Array.from({ length: length + 1 }, (_, n) => all(vocabulary, n)).flat();
  return whole
    .filter((symbols) => !symbols.includes(end))
    .map((symbols) => {
      const p = logProbability(seed, sequence, [...symbols, end], vocabulary);
      return { symbols, logProbability: p, score: p / (symbols.length + 1) ** a };
    })
    .sort((x, y) => y.score - x.score);
}

describe("beam search", () => {
  test.each([0, 0.6, 1])(
    "is exhaustive search where the beam is wide enough; length normalisation %d",
    (a) => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const settings = { end, length: 4, width: 200, best: 6, lengthNormalisation: a };
        const found = beamSearch(pastModel(seed, 4, 2), settings);
        for (const s of [0, 1]) {
          const expected = enumerated(seed, s, 4, 4, a).slice(0, 6);
          expect(found[s]!.map(({ symbols }) => symbols)).toEqual(expected.map(({ symbols }) => symbols));
          expect(
            difference(
              found[s]!.map((h) => h.score),
              expected.map((h) => h.score),
            ),
          ).toBeLessThan(1e-12);
          expect(
            difference(
              found[s]!.map((h) => h.logProbability),
              expected.map((h) => h.logProbability),
            ),
          ).toBeLessThan(1e-12);
        }
      }
    },
  );

  test("without an end, sequences of one length", () => {
    const [found] = beamSearch(pastModel(7, 3), { length: 4, width: 81, best: 81 });
    const expected = all(3, 4)
      .map((symbols) => ({ symbols, p: logProbability(7, 0, symbols, 3) }))
      .sort((x, y) => y.p - x.p);
    expect(found!.map(({ symbols }) => symbols)).toEqual(expected.map(({ symbols }) => symbols));
  });

  test("of width 1 is greedy", () => {
    for (let seed = 0; seed < 20; seed++) {
      const model = pastModel(seed, 4, 3);
      const one = beamSearch(model, { end, length: 5, width: 1 }).map(([h]) => h!.symbols);
      expect(one).toEqual(greedy(model, { end, length: 5 }).map(({ symbols }) => symbols));
    }
  });

  test("keeps to lengths and candidates", () => {
    const model = pastModel(3, 4, 2);
    const [found] = beamSearch(model, { end, length: 3, atLeast: 2, width: 100, best: 100 });
    expect(new Set(found!.map(({ symbols }) => symbols.length))).toEqual(new Set([2, 3]));
    expect(found!.length).toBe(9 + 27);
    const candidates = [[1], [1, 2], [3, 3, 1], []];
    const given = beamSearch(model, { end, length: 3, width: 10, best: 10, candidates });
    const scores = (s: number) =>
      candidates
        .map((symbols) => ({ symbols, p: logProbability(3, s, [...symbols, end], 4) }))
        .sort((x, y) => y.p - x.p);
    for (const s of [0, 1])
      expect(given[s]!.map((h) => h.symbols)).toEqual(scores(s).map(({ symbols }) => symbols));
    const own = greedy(model, { end, length: 3, candidates: (s) => [[s + 1, s + 1]] });
    expect(own.map(({ symbols }) => symbols)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("errors", () => {
    const model = pastModel(3, 4);
    expect(() => beamSearch(model, { end: 4, length: 3, width: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: beamSearch: end is 4; symbols run from 0 to 3]`,
    );
    expect(() =>
      beamSearch(model, { end, length: 3, atLeast: 4, width: 2 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: beamSearch: atLeast is 4, more than length, the most symbols, which is 3]`,
    );
    expect(() => greedy(model, { length: 3, atLeast: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: greedy: atLeast is 1, and there is no end; without an end symbol every sequence has the length 3]`,
    );
    expect(() => greedy(model, { length: 3, candidates: [[1]] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: greedy: candidates[0] has 1 symbols, expected 3: without an end symbol all sequences have the same length]`,
    );
    expect(() => greedy(model, { end, length: 3, candidates: [[1, 0]] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: greedy: candidates[0][1] is 0, expected a symbol from 0 to 3, and not the end, 0]`,
    );
    expect(() => greedy(model, { end, length: 3, candidates: [] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: greedy: candidates is an empty list; nothing can be decoded]`,
    );
    const never = {
      ...model,
      start: () => ({ ...model.start(), logProbabilities: new Float64Array(4).fill(-Infinity) }),
    };
    expect(() => greedy(never, { end, length: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: greedy: sequence 0: after [] the model gives no probability to anything that is allowed; look at end, atLeast and candidates]`,
    );
    expect(() => beamSearch(never, { end, length: 3, width: 2 })).toThrow(/nothing|anything/);
  });
});

describe("sampling", () => {
  test("draws each sequence as often as the model says", () => {
    const many = 6000;
    // All sequences of the batch have the distribution of sequence 0.
    const alike = pastModel(11, 3, 1);
    const rows = (n: number) => new Int32Array(n);
    const model = {
      ...alike,
      sequences: many,
      start() {
        const { logProbabilities, state } = alike.start();
        const of = alike.select(state, rows(many));
        return {
          logProbabilities: Float64Array.from({ length: 3 * many }, (_, i) => logProbabilities[i % 3]!),
          state: of,
        };
      },
    };
    const drawn = sampleSequences(model, { key: Key.of(5), length: 2 });
    for (const symbols of all(3, 2)) {
      const p = Math.exp(logProbability(11, 0, symbols, 3));
      const share = drawn.filter((d) => d.symbols.join() === symbols.join()).length / many;
      expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / many));
    }
    const [one] = drawn;
    expect(one!.logProbability).toBeCloseTo(logProbability(11, 0, one!.symbols, 3), 12);
  });

  test("of temperature 0 is greedy, and a sequence's draws do not depend on the others", () => {
    const limits = { end, length: 5 };
    for (let seed = 0; seed < 5; seed++) {
      const drawn = sampleSequences(pastModel(seed, 4, 3), { ...limits, key: Key.of(1), temperature: 0 });
      expect(drawn).toEqual(greedy(pastModel(seed, 4, 3), limits));
      const [three, two] = [3, 2].map((n) =>
        sampleSequences(pastModel(seed, 4, n), { ...limits, key: Key.of(1) }),
      );
      expect(two).toEqual(three!.slice(0, 2));
    }
    const without = sampleSequences(pastModel(1, 4, 50), { ...limits, key: Key.of(1), exclude: [2] });
    expect(without.some(({ symbols }) => symbols.includes(2))).toBe(false);
  });
});

describe("language models, step by step", () => {
  const model = languageModel({ vocabulary: 5, features: 4, hidden: 6, layers: 2, cell: "lstm" });
  const params = model.init(Key.of(1));
  const prompts = [[1, 2, 3], [], [4]];

  test("scores are those of logConditionals", () => {
    const texts = [[1, 2, 3, 4], [2], [], [4, 4, 0]];
    const scores = scoreSequences(languageSteps(model, params), texts, { of: [0, 0, 0, 0] });
    texts.forEach((text, i) => {
      expect(scores[i]!.steps.length).toBe(text.length);
      if (text.length === 0) return;
      const symbols = tensor(text, "int32");
      const { steps, logProbability: total } = scores[i]!;
      expect(difference(steps, numbers(logConditionals(model, params, symbols)))).toBeLessThan(1e-5);
      expect(total).toBeCloseTo(numbers(logLikelihood(model, params, symbols))[0]!, 4);
    });
  });

  test("a batch decodes as each of it alone", () => {
    const settings = { end, length: 6, width: 4, best: 3 };
    const together = beamSearch(languageSteps(model, params, { prompts }), settings);
    prompts.forEach((prompt, s) => {
      const [alone] = beamSearch(languageSteps(model, params, { prompts: [prompt] }), settings);
      expect(together[s]!.map((h) => h.symbols)).toEqual(alone!.map((h) => h.symbols));
      expect(
        difference(
          together[s]!.map((h) => h.score),
          alone!.map((h) => h.score),
        ),
      ).toBeLessThan(1e-5);
      for (const { symbols, logProbability: p } of together[s]!) {
        const text = tensor([...prompt, ...symbols, end], "int32");
        const steps = [...numbers(logConditionals(model, params, text))].slice(prompt.length);
        expect(p).toBeCloseTo(
          steps.reduce((x, y) => x + y, 0),
          4,
        );
      }
    });
    const greedily = greedy(languageSteps(model, params, { prompts }), { end, length: 6 });
    const one = beamSearch(languageSteps(model, params, { prompts }), { end, length: 6, width: 1 });
    expect(greedily.map((d) => d.symbols)).toEqual(one.map(([h]) => h!.symbols));
  });

  test("a layer without logits of a first symbol takes prompts", () => {
    const cell = recurrent(rnn({ input: 3, hidden: 3 }));
    const layer = sequenceLayer("symbols", {
      ...cell,
      input: { shape: [], dtype: "int32" },
      apply: (p, x, structure, options) => cell.apply(p, oneHotOf(x, 3), structure, options),
    });
    const steps = languageSteps(layer, layer.init(Key.of(3)), { prompts: [[1]] });
    expect(greedy(steps, { length: 3 })[0]!.symbols.length).toBe(3);
    expect(() => languageSteps(layer, layer.init(Key.of(3)))).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: languageSteps: prompts[0] is empty, and the model has no logits for a first symbol; give each sequence a symbol to begin with]`,
    );
    expect(() => languageSteps(model, params, { prompts: [[1], [1.5]] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: languageSteps: prompts[1][0] is 1.5, expected a symbol from 0 to 4]`,
    );
    expect(() => languageSteps(model, params, { prompts: [[9]] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: languageSteps: prompts[0][0] is 9, expected a symbol from 0 to 4]`,
    );
    expect(() =>
      languageSteps(model, params, { prompts: [[1]], sequences: 2 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: languageSteps: sequences is 2, and there are 1 prompts; one of the two is enough]`,
    );
  });

  test("a cell that is fed back, as a layer: trained with the truth, decoded with what it gives", () => {
    const cell = fedBack({
      cell: rnn({ input: 3, hidden: 4 }),
      output: categoricalOutput({ classes: 5 }),
      features: 3,
      regime: teacherForcing(),
    });
    const layer = recurrent(cell);
    const own = layer.init(Key.of(2));
    const steps = languageSteps(layer, own, { prompts: [[0], [3, 1]] });
    const [first] = greedy(steps, { length: 4 });
    // The same as running freely on its modes from the same beginning.
    const free = fedBack({
      cell: rnn({ input: 3, hidden: 4 }),
      output: categoricalOutput({ classes: 5 }),
      features: 3,
      regime: freeRunning({ feed: "mode" }),
    });
    const { output } = unfold(free, own, { x: tensor([0, 0, 0, 0], "int32") }, chain([4]));
    const modes = numbers(argmax(output));
    expect(first!.symbols).toEqual(Array.from(modes));
  });

  test("a decoder with attention: each source is searched as alone, and scores are those of the whole sequences", () => {
    const cell = fedBack({
      cell: attend(gru, { input: 3, hidden: 4, source: 2, addressing: additiveAddressing({ size: 3 }) }),
      output: categoricalOutput({ classes: 4 }),
      features: 3,
      regime: teacherForcing(),
    });
    const layer = recurrent(cell as unknown as SequenceCell<Shapes, unknown>);
    const own = mapTree(layer.init(Key.of(2)) as object, (v) => mul(v, 4));
    const lengths = [3, 0, 2];
    const h = normal(Key.of(3), [5, 2]);
    const sources = lengths.map((n, s) => {
      const from = lengths.slice(0, s).reduce((a, b) => a + b, 0);
      return slice(h, 0, from, from + n);
    });
    const settings = { end, length: 5, atLeast: 3, width: 3, best: 2 };
    const batch = languageSteps(layer, own, {
      prompts: [[0], [0], [0]],
      sets: { source: lengths },
      inputs: { source: { h } },
    });
    const together = beamSearch(batch, settings);
    lengths.forEach((n, s) => {
      const single = { prompts: [[0]], sets: { source: [n] }, inputs: { source: { h: sources[s]! } } };
      const alone = languageSteps(layer, own, single);
      const [found] = beamSearch(alone, settings);
      alone.dispose();
      expect(together[s]!.map((d) => d.symbols)).toEqual(found!.map((d) => d.symbols));
      expect(
        difference(
          together[s]!.map((d) => d.score),
          found!.map((d) => d.score),
        ),
      ).toBeLessThan(1e-5);
      const { symbols, logProbability: p } = found![0]!;
      const read = tensor([0, ...symbols], "int32");
      const structure = chain([symbols.length + 1]).withSets({ source: [n] });
      const { output } = layer.apply(own, read, structure, { inputs: single.inputs });
      const loss = numbers(crossEntropySum(output, tensor([...symbols, end], "int32")))[0]!;
      expect(p).toBeCloseTo(-loss, 4);
    });
    expect(together.map(([d]) => d!.symbols.join())).not.toEqual(
      new Array(3).fill(together[0]![0]!.symbols.join()),
    );
    batch.dispose();
  });

  test("a state is gone on from once; a copy brings it back", () => {
    const steps = languageSteps(model, params, { prompts: [[1], [2]] });
    const { state } = steps.start();
    const later = steps.copy(state);
    const once = steps.step(steps.select(state, Int32Array.of(1, 1, 0)), Int32Array.of(3, 4, 3));
    const again = steps.step(later, Int32Array.of(3, 3));
    expect(difference(again.logProbabilities.slice(5), once.logProbabilities.slice(0, 5))).toBeLessThan(1e-6);
    expect(() => steps.step(state, Int32Array.of(3, 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: languageSteps: this state was used up by a step or a choice of rows; copy() it before, to go on from it twice]`,
    );
    steps.dispose();
  });

  test("search after search takes no memory that is not given back", () => {
    const search = () => {
      const steps = languageSteps(model, params, { prompts });
      beamSearch(steps, { end, length: 6, width: 3 });
      sampleSequences(steps, { key: Key.of(1), end, length: 6 });
      steps.dispose();
    };
    search();
    const before = defaultExecutor().statistics.bytesInUse;
    for (let i = 0; i < 5; i++) search();
    expect(defaultExecutor().statistics.bytesInUse).toBe(before);
  });
});
