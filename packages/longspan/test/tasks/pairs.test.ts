import { describe, expect, it } from "vitest";
import {
  type AnySequenceLayer,
  adam,
  bidirectional,
  gru,
  Key,
  packPairs,
  startTraining,
  type Tensor,
  train,
  type Value,
} from "../../src/index.js";
import {
  type PairsModelConfig,
  pairsLearner,
  pairsModel,
  pairsPredictor,
  pairsScores,
  pairsTask,
  pairsVocabulary,
  type TextPair,
} from "../../src/tasks/pairs/index.js";

/** Letters are written the other way round, in capitals, as tokens. */
const pairs: readonly TextPair[] = ["a", "ab", "ba", "abc", "cab", "bb", "cc", "acb"].map((source) => ({
  source,
  target: Array.from(source.toUpperCase()).reverse().join(" "),
}));
const vocabulary = pairsVocabulary(pairs, { source: "char", target: "token" });
const config: PairsModelConfig = {
  vocabulary,
  features: 6,
  hidden: 12,
  layer: (input) => bidirectional(gru({ input, hidden: 8 }), gru({ input, hidden: 8 })) as AnySequenceLayer,
  cell: gru as never,
};
const model = pairsModel(config);
const params = model.net.init(Key.of(1));
const learner = pairsLearner(model);
const numbersOf = (value: Value) => (value as Tensor).data();

describe("the vocabulary of pairs", () => {
  it("has the symbols of either side by falling frequency, and the length of the longest target", () => {
    expect(vocabulary).toEqual({
      source: { level: "char", symbols: ["b", "a", "c"] },
      target: { level: "token", symbols: ["B", "A", "C"] },
      longest: 3,
    });
    const words = pairsVocabulary([{ source: "To be, to be", target: "x" }], { source: "word", minCount: 2 });
    expect(words.source.symbols).toEqual([" be"]);
  });

  it("numbers begin, end and what is unknown before them, and writes symbols as their level is", () => {
    expect(model.source.read("acx")).toEqual([4, 5, 2]);
    expect(model.target.read(" A  C ")).toEqual([4, 5]);
    expect(model.target.write([3, 5, 2])).toBe("B C <unk>");
    expect(model.source.write([3, 5])).toBe("bc");
    expect([model.source.size, model.target.size]).toEqual([6, 6]);
  });
});

describe("a model of pairs", () => {
  it("is packed as packPairs lays pairs out", async () => {
    const batch = learner.pack(pairs, null);
    const by = packPairs(
      pairs.map(({ source, target }) => ({
        source: [...model.source.read(source), 1],
        target: model.target.read(target),
      })),
      { begin: 0, end: 1 },
    );
    expect([...batch.source.x]).toEqual([...(await by.source.x.data())]);
    expect([...batch.target.x]).toEqual([...(await by.target.x.data())]);
    expect([...batch.answers]).toEqual([...(await by.answers.data())]);
    expect(learner.predictions(batch)).toBe(pairs.reduce((n, { source }) => n + source.length + 1, 0));
  });

  it("has the mean cross-entropy per symbol as its loss, and weights that go with pairs", async () => {
    const loss = async (some: readonly TextPair[], weights: Float64Array | null) =>
      (await numbersOf(learner.loss(params, learner.pack(some, weights), null)))[0]!;
    const [one, two] = [pairs[0]!, pairs[3]!];
    const [first, second] = [await loss([one], null), await loss([two], null)];
    expect(await loss([one, two], null)).toBeCloseTo((2 * first + 4 * second) / 6, 5);
    expect(await loss([one, two], Float64Array.of(3, 0))).toBeCloseTo((3 * 2 * first) / 6, 5);
    expect((await learner.evaluate(params, [one, two]))!.loss).toBeCloseTo((2 * first + 4 * second) / 6, 5);
  });

  for (const attention of [true, false])
    it(`learns to write ${attention ? "with" : "without"} attention; a source alone is written as beside others`, async () => {
      const other = pairsModel({ ...config, attention });
      const task = pairsTask(other, pairs, { key: Key.of(2), batch: 8 });
      const optimiser = adam({ learningRate: 0.02 });
      const end = await train(task, startTraining(task, optimiser, other.net.init(Key.of(3))), {
        optimiser,
        budget: { steps: 200 },
        key: Key.of(4),
      });
      const found = await pairsLearner(other, { written: 5 }).evaluate(end.state.params, pairs);
      expect(found!.measures).toMatchObject({ exact: 1, sequenceError: 0, symbolError: 0, chrF: 1 });
      expect(found!.details).toMatchObject({ written: 5, samples: { length: 5 } });
      const predictor = pairsPredictor(other, end.state.params);
      const all = (await predictor.predict(pairs.map(({ source }) => predictor.read(source)))) as {
        target: string;
      }[];
      expect(all.map(({ target }) => target)).toEqual(pairs.map(({ target }) => target));
      const [alone] = await predictor.predict([predictor.read({ source: "abc" })]);
      expect(alone).toEqual(all[3]);
    });

  it("counts each target of a source as right, and the source once", async () => {
    const twice = [
      { source: "a", target: "A" },
      { source: "a", target: "B" },
      { source: "b", target: "C" },
    ];
    const found = await learner.evaluate(params, twice);
    const { written, samples } = found!.details as { written: number; samples: { wanted: string[] }[] };
    expect([found!.examples, written]).toEqual([3, 2]);
    expect(samples[0]!.wanted).toEqual(["A", "B"]);
  });

  it("ends early once the signal says so, and refuses what is no source", async () => {
    expect(await learner.evaluate(params, pairs, { signal: { aborted: true } })).toBe(null);
    const predictor = pairsPredictor(model, params, { beam: 1 });
    expect(() => predictor.read({ target: "x" })).toThrow("expected a text, or a record { source }");
    expect(await predictor.predict([])).toEqual([]);
  });
});

describe("scores of pairs", () => {
  it("are exact matches, edits to the nearest, BLEU and chrF: by hand", () => {
    const scores = pairsScores(
      ["the cat sat on the mat", "a b"],
      [["the cat sat on a mat", "x"], ["a b"]],
      "token",
    );
    expect(scores.exact).toBe(0.5);
    expect(scores.sequenceError).toBe(0.5);
    // "x" is 6 edits away, the other reference one; 6 and 2 tokens are wanted.
    expect(scores.symbolError).toBeCloseTo(1 / 8, 12);
    expect(scores.bleu).toBeGreaterThan(0.5);
    expect(pairsScores(["ab"], [["aa"]], "char")).toMatchObject({ symbolError: 0.5, chrF: 0.25, bleu: 0 });
  });
});
