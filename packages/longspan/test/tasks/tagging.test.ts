import { describe, expect, it } from "vitest";
import {
  type AnySequenceLayer,
  adam,
  bidirectional,
  gru,
  Key,
  recurrent,
  startTraining,
  type Tensor,
  train,
  type Value,
} from "../../src/index.js";
import {
  sequenceTagger,
  type TaggedSentence,
  taggingLearner,
  taggingPredictor,
  taggingTask,
  taggingVocabulary,
} from "../../src/tasks/tagging/index.js";

/** What a word is, is told by its ending; what `x` is, by the word before it. */
const sentences: readonly TaggedSentence[] = [
  { tokens: ["kala", "x", "dono"], tags: ["A", "A", "O"] },
  { tokens: ["x", "mira"], tags: ["X", "A"] },
  { tokens: ["rono", "x", "x", "sola"], tags: ["O", "O", "O", "A"] },
  { tokens: ["sola"], tags: ["A"] },
];
const vocabulary = taggingVocabulary(sentences);
const numbersOf = (value: Value) => (value as Tensor).data();
const both = (input: number) =>
  bidirectional(gru({ input, hidden: 8 }), gru({ input, hidden: 8 })) as AnySequenceLayer;
const model = sequenceTagger({
  vocabulary,
  features: 6,
  characters: { features: 4, hidden: 6 },
  layer: both,
});
const params = model.init(Key.of(1));

describe("the vocabulary of a tagger", () => {
  it("has words that occur twice, all characters and tags", () => {
    expect(vocabulary).toEqual({
      words: ["x", "sola"],
      characters: ["a", "d", "i", "k", "l", "m", "n", "o", "r", "s", "x"],
      tags: ["A", "O", "X"],
    });
    expect(taggingVocabulary(sentences, { minCount: 1 }).words).toHaveLength(6);
  });

  it("looks a word up as it is written, then in lower case; characters of a long one at its ends", () => {
    const { numbers } = model;
    expect(["x", "X", "sola", "kala"].map((token) => numbers.word(token))).toEqual([1, 1, 2, 0]);
    expect(numbers.spelling("ax?")).toEqual([1, 11, 0]);
    expect(numbers.spelling("a".repeat(30) + "x".repeat(30))).toEqual([
      ...new Array(20).fill(1),
      ...new Array(20).fill(11),
    ]);
    expect([numbers.tag("O"), numbers.tag("none")]).toEqual([1, -1]);
  });

  it("refuses sentences that are none", () => {
    expect(() => taggingVocabulary([{ tokens: [], tags: [] }])).toThrow("sentences[0] has no tokens");
    expect(() => taggingVocabulary([{ tokens: ["a"], tags: [] }])).toThrow(
      "sentences[0] has 1 tokens and 0 tags",
    );
    expect(() => taggingVocabulary([{ tokens: [""], tags: ["A"] }])).toThrow(
      "sentences[0]: tokens[0] is empty",
    );
  });
});

describe("a tagger", () => {
  const learner = taggingLearner(model);

  it("gives each token the logits that it has alone in its sentence, wherever its row lies", async () => {
    const together = learner.pack(sentences, null);
    const all = await numbersOf(model.apply(params, together));
    const { structure } = together;
    const begins = [0, 3, 5, 9];
    for (const [s, sentence] of sentences.entries()) {
      const alone = learner.pack([sentence], null);
      const own = await numbersOf(model.apply(params, alone));
      for (let t = 0; t < sentence.tokens.length; t++) {
        const row = structure.parts.order.indexOf(begins[s]! + t);
        const ownRow = alone.structure.parts.order.indexOf(t);
        for (let k = 0; k < 3; k++) expect(all[row * 3 + k]).toBeCloseTo(own[ownRow * 3 + k]!, 6);
        expect(together.tags[row]).toBe(vocabulary.tags.indexOf(sentence.tags[t]!));
      }
    }
    expect(learner.predictions(together)).toBe(10);
  });

  it("has the mean cross-entropy per token as its loss, and weights that go with sentences", async () => {
    const loss = async (some: readonly TaggedSentence[], weights: Float64Array | null) =>
      (await numbersOf(learner.loss(params, learner.pack(some, weights), null)))[0]!;
    const each = await Promise.all(sentences.map((sentence) => loss([sentence], null)));
    const mean = sentences.reduce((sum, { tokens }, s) => sum + tokens.length * each[s]!, 0) / 10;
    expect(await loss(sentences, null)).toBeCloseTo(mean, 5);
    expect(await loss(sentences, Float64Array.of(0, 5, 0, 0))).toBeCloseTo((5 * 2 * each[1]!) / 10, 5);
    const found = await learner.evaluate(params, sentences);
    expect(found!.loss).toBeCloseTo(mean, 5);
    expect(found!.examples).toBe(4);
  });

  it("is told words apart by their characters", async () => {
    const rows = async (token: string) => [
      ...(await numbersOf(model.apply(params, learner.pack([{ tokens: [token], tags: ["A"] }], null)))),
    ];
    // Both words are unknown.
    expect(await rows("kala")).not.toEqual(await rows("dono"));
    const words = sequenceTagger({ vocabulary, features: 6, layer: both });
    const pack = taggingLearner(words).pack;
    const known = words.init(Key.of(1));
    const of = async (token: string) => [
      ...(await numbersOf(words.apply(known, pack([{ tokens: [token], tags: ["A"] }], null)))),
    ];
    expect(await of("kala")).toEqual(await of("dono"));
    expect(await of("kala")).not.toEqual(await of("x"));
  });

  it("learns endings and neighbours, and says so of words that it has not seen", async () => {
    const task = taggingTask(model, sentences, { key: Key.of(2), batch: 2 });
    const optimiser = adam({ learningRate: 0.03 });
    const end = await train(task, startTraining(task, optimiser, model.init(Key.of(3))), {
      optimiser,
      budget: { steps: 120 },
      key: Key.of(4),
    });
    const found = await learner.evaluate(end.state.params, sentences);
    expect(found!.measures).toEqual({ accuracy: 1 });
    expect(found!.loss).toBeLessThan(0.05);
    const predictor = taggingPredictor(model, end.state.params);
    const answers = await predictor.predict([
      predictor.read("nila  x\tkono\n"),
      predictor.read({ tokens: ["dono", "x"] }),
    ]);
    expect(answers).toEqual([
      { tokens: ["nila", "x", "kono"], tags: ["A", "A", "O"] },
      { tokens: ["dono", "x"], tags: ["O", "O"] },
    ]);
    const alone = await predictor.predict([predictor.read("dono x")]);
    expect(alone[0]).toEqual(answers[1]);
  });

  it("measures a tag that it does not know as wrong, and leaves it out of the loss", async () => {
    const strange = [{ tokens: ["x", "sola"], tags: ["NEW", "A"] }];
    const found = await learner.evaluate(params, strange);
    expect(found!.measures.accuracy).toBeLessThanOrEqual(0.5);
    expect(Number.isFinite(found!.loss)).toBe(true);
    expect((found!.details as { perTag: { type: string }[] }).perTag.map(({ type }) => type)).toContain(
      "NEW",
    );
  });

  it("ends early once the signal says so", async () => {
    expect(await learner.evaluate(params, sentences, { signal: { aborted: true } })).toBe(null);
  });
});

describe("a tagger of spans", () => {
  const names = [{ tokens: ["Ada", "King", "wrote"], tags: ["B-PER", "I-PER", "O"] }];
  const spans = sequenceTagger({
    vocabulary: taggingVocabulary(names, { minCount: 1 }),
    features: 4,
    layer: (input) => recurrent(gru({ input, hidden: 4 })) as AnySequenceLayer,
  });

  it("is measured by the F1 of spans, with scheme and mode named", async () => {
    const learner = taggingLearner(spans, { scheme: "IOB2", mode: "strict" });
    const found = await learner.evaluate(spans.init(Key.of(1)), names);
    expect(Object.keys(found!.measures)).toEqual(["f1", "precision", "recall", "accuracy"]);
    expect(found!.details).toMatchObject({ scheme: "IOB2", mode: "strict", wanted: 1 });
  });

  it("gives the spans with their text", async () => {
    const task = taggingTask(spans, names, { key: Key.of(2) });
    const optimiser = adam({ learningRate: 0.05 });
    const end = await train(task, startTraining(task, optimiser, spans.init(Key.of(3))), {
      optimiser,
      budget: { steps: 60 },
      key: Key.of(4),
    });
    const predictor = taggingPredictor(spans, end.state.params, { scheme: "IOB2" });
    expect(await predictor.predict([predictor.read("Ada King wrote")])).toEqual([
      {
        tokens: ["Ada", "King", "wrote"],
        tags: ["B-PER", "I-PER", "O"],
        spans: [{ type: "PER", begin: 0, end: 2, text: "Ada King" }],
      },
    ]);
  });

  it("refuses what is no sentence, and says where", () => {
    const { read } = taggingPredictor(spans, spans.init(Key.of(1)));
    expect(() => read(" ")).toThrow("the text has no tokens");
    expect(() => read(5)).toThrow("expected a text, or a record { tokens }, a list of texts");
    expect(() => read({ tokens: ["a", ""] })).toThrow('tokens[1]: expected a text that is not empty, got ""');
    expect(() => read({ tokens: [] })).toThrow("tokens: there are no tokens");
  });
});
