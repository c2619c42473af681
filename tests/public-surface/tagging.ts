import {
  type AnySequenceLayer,
  Key,
  recurrent,
  rnn,
  sequenceTagger,
  type TaggedSentence,
  taggingVocabulary,
} from "longspan";
import {
  argument,
  choice,
  flag,
  func,
  key,
  maybe,
  nullable,
  rate,
  settings,
  size,
  thing,
  tree,
} from "./arguments.js";
import { exempt, type Row, type Rows, row } from "./calls.js";

const sentences = (): TaggedSentence[] => [{ tokens: ["a"], tags: ["B-X"] }];
const vocabulary = () => taggingVocabulary(sentences(), { minCount: 1 });
const layer = (input: number) => recurrent(rnn({ input, hidden: 3 })) as AnySequenceLayer;
const model = () => sequenceTagger({ vocabulary: vocabulary(), features: 2, layer });
const bad = [[{ tokens: ["a"] }], [{ tokens: [5], tags: ["X"] }]] as const;
const tags = () => argument(["B-X"], ["list"], [5]);
const tagsOfEach = () => argument([["B-X"]], ["list"], [["B-X", 5]], ["B-X"]);
const scheme = () => choice("IOB2");
const mode = () => maybe(choice("conll"));
const byLoop: Row["methods"] = Object.fromEntries(
  ["init", "apply", "embed", "sizeOf", "pack", "predictions", "loss", "evaluate"].map((name) => [
    name,
    exempt("called with what the learner itself made"),
  ]),
);
const methods = (...names: string[]): Row["methods"] =>
  Object.fromEntries(names.map((name) => [name, byLoop![name]!]));
const taskMethods: Row["methods"] = Object.fromEntries(
  ["batch", "curvatureBatch", "predictions", "carriedAtStart", "loss", "describe", "share"].map((name) => [
    name,
    exempt("called by train()"),
  ]),
);

/** Rows of what gives tags to tokens. */
export const taggingRows: Rows = {
  spansOf: () => row({ tags: tags(), options: settings({ scheme: scheme(), mode: mode() }) }),
  spanSchemeOf: () => row({ sentences: tagsOfEach() }),
  spanScores: () =>
    row({
      found: tagsOfEach(),
      wanted: tagsOfEach(),
      options: settings({ scheme: scheme(), mode: mode() }),
    }),
  tagScores: () => row({ found: tagsOfEach(), wanted: tagsOfEach() }),
  taggingVocabulary: () =>
    row({
      sentences: argument(sentences(), ["list"], ...bad),
      options: settings({ minCount: maybe(size(1)) }),
    }),
  sequenceTagger: () =>
    row(
      {
        config: settings({
          vocabulary: thing(vocabulary()),
          features: size(2),
          characters: maybe(argument({ features: 2, hidden: 2 }, [], { features: 0, hidden: 2 })),
          layer: func(layer),
          dropout: maybe(rate(0.1)),
        }),
      },
      { methods: methods("init", "apply", "embed") },
    ),
  taggingLearner: () =>
    row(
      {
        model: thing(model()),
        options: settings({
          scheme: maybe(nullable(scheme())),
          mode: mode(),
          backward: maybe(argument({ kind: "full" }, [], { kind: "fully" })),
        }),
      },
      { methods: methods("init", "sizeOf", "pack", "predictions", "loss", "evaluate") },
    ),
  taggingTask: () =>
    row(
      {
        model: thing(model()),
        sentences: argument(sentences(), ["list"]),
        options: settings({
          key: key(),
          batch: maybe(size(1)),
          weights: maybe(nullable(argument([1], ["list"]))),
          curvature: maybe(argument(1, [], 0, 3, 1.5, "1")),
          backward: maybe(argument({ kind: "full" }, [], { kind: "fully" })),
        }),
      },
      { methods: taskMethods, says: "" },
    ),
  tagRunModel: () =>
    row(
      {
        settings: settings({
          cell: choice("rnn"),
          hidden: size(3),
          layers: size(1),
          features: size(2),
          characters: nullable(size(2)),
          dropout: rate(0),
          bidirectional: flag(true),
        }),
        encoding: argument({ ...vocabulary(), scheme: null, mode: "conll" }, [], { words: [], scheme: null }),
        own: maybe(nullable(func(() => null))),
      },
      { methods: methods("init", "apply", "embed") },
    ),
  taggingPredictor: () =>
    row(
      {
        model: thing(model()),
        params: tree(model().init(Key.of(1))),
        options: settings({ scheme: maybe(nullable(scheme())), mode: mode() }),
      },
      { methods: { read: exempt("throws InputError"), predict: exempt("called with what was read") } },
    ),
};
