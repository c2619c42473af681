import { type AnySequenceLayer, gru, Key, pairsModel, pairsVocabulary, recurrent, rnn } from "longspan";
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

const pairs = () => [{ source: "ab", target: "b" }];
const vocabulary = () => pairsVocabulary(pairs());
const layer = (input: number) => recurrent(rnn({ input, hidden: 3 })) as AnySequenceLayer;
const model = () =>
  pairsModel({ vocabulary: vocabulary(), features: 2, hidden: 3, layer, cell: gru as never });
const exempted = (reason: string, ...names: string[]): Row["methods"] =>
  Object.fromEntries(names.map((name) => [name, exempt(reason)]));
const backward = () => maybe(argument({ kind: "full" }, [], { kind: "fully" }));
const texts = () => argument(["a"], ["list"], [5]);
const textsOfEach = () => argument([["a"]], [], [["a", 5]], ["a"], [[]]);

/** Rows of what makes one text of another. */
export const pairsRows: Rows = {
  pairsVocabulary: () =>
    row({
      pairs: argument(pairs(), [], [{ source: "a" }], [{ source: 5, target: "b" }]),
      options: settings({
        source: maybe(choice("char")),
        target: maybe(choice("token")),
        minCount: maybe(size(1)),
      }),
    }),
  pairsModel: () =>
    row({
      config: settings({
        vocabulary: argument(vocabulary(), [], { source: 5 }),
        features: size(2),
        hidden: size(3),
        layer: func(layer),
        cell: func(gru),
        attention: maybe(flag(true)),
        dropout: maybe(rate(0.1)),
      }),
    }),
  pairsLearner: () =>
    row(
      { model: thing(model()), options: settings({ written: maybe(size(1)), backward: backward() }) },
      {
        methods: exempted(
          "called with what the learner itself made",
          "init",
          "sizeOf",
          "pack",
          "predictions",
          "loss",
          "evaluate",
        ),
      },
    ),
  pairsTask: () =>
    row(
      {
        model: thing(model()),
        pairs: argument(pairs(), ["list"]),
        options: settings({
          key: key(),
          batch: maybe(size(1)),
          weights: maybe(nullable(argument([1], ["list"]))),
          curvature: maybe(argument(1, [], 0, 3, 1.5, "1")),
          backward: backward(),
        }),
      },
      {
        methods: exempted(
          "called by train()",
          "batch",
          "share",
          "curvatureBatch",
          "predictions",
          "carriedAtStart",
          "loss",
          "describe",
        ),
        says: "",
      },
    ),
  pairsPredictor: () =>
    row(
      {
        model: thing(model()),
        params: tree(model().net.init(Key.of(1))),
        options: settings({ beam: maybe(size(2)) }),
      },
      { methods: { read: exempt("throws InputError"), predict: exempt("called with what was read") } },
    ),
  pairsScores: () => row({ found: texts(), wanted: textsOfEach(), level: choice("char") }, { says: "" }),
  pairsRunModel: () =>
    row({
      settings: settings({
        cell: choice("rnn"),
        hidden: size(3),
        layers: size(1),
        features: size(2),
        dropout: rate(0),
        attention: flag(true),
      }),
      vocabulary: argument(vocabulary(), [], { source: 5 }),
      own: maybe(nullable(func(() => null))),
    }),
};
