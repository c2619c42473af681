import {
  classificationLearner,
  numbersEncoding,
  parseTree,
  recurrent,
  rnn,
  type SequenceClassifier,
  sequenceClassifier,
  textEncoding,
  treeClassifier,
  treeRnn,
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
  text,
  thing,
} from "./arguments.js";
import { exempt, type Row, type Rows, row } from "./calls.js";

const layer = () => recurrent(rnn({ input: 2, hidden: 3 }));
const model = () => sequenceClassifier({ layer: layer(), features: 3, classes: 2 }) as SequenceClassifier;
const learner = () => classificationLearner(model());
const examples = () => [{ values: Float32Array.of(1, 2), steps: 1, label: 0 }];

const taskOptions = () => ({
  key: key(),
  batch: maybe(size(1)),
  weights: maybe(nullable(argument([1], ["list"]))),
  curvature: maybe(argument(1, [], 0, 3, 1.5, "1")),
});
const backward = () => maybe(argument({ kind: "full" }, [], { kind: "fully" }));
const treeCell = () => treeRnn({ input: 2, hidden: 3 });
const treeModel = () =>
  treeClassifier({ cell: treeCell() as never, hidden: 3, words: 4, features: 2, classes: 2 });
const treeEncoding = { labels: ["a", "b"], words: ["x"], bracketLabels: true };
const byLoop: Row["methods"] = Object.fromEntries(
  ["init", "apply", "stream", "sizeOf", "pack", "predictions", "loss", "evaluate"].map((name) => [
    name,
    exempt("called with what the learner itself made"),
  ]),
);
const methods = (...names: string[]): Row["methods"] =>
  Object.fromEntries(names.map((name) => [name, byLoop![name]!]));
const task: Row["methods"] = Object.fromEntries(
  ["batch", "curvatureBatch", "predictions", "carriedAtStart", "loss", "describe", "share"].map((name) => [
    name,
    exempt("called by train()"),
  ]),
);

/** Rows of what learns from a finite set of examples. */
export const taskRows: Rows = {
  exampleBatches: () =>
    row(
      {
        config: settings({
          examples: size(4),
          batch: size(2),
          key: key(),
          lengths: maybe(argument([1, 2, 3, 4], ["list"])),
        }),
      },
      { methods: { batch: exempt("a step"), passOf: exempt("a step") } },
    ),
  heldOutPart: () =>
    row({
      examples: size(4),
      options: settings({ share: rate(0.5), key: key(), strata: maybe(argument([0, 0, 1, 1], ["list"])) }),
    }),
  balancedWeights: () => row({ classes: argument([0, 1], ["list"]) }),
  normalisedWeights: () => row({ weights: argument([1, 2], ["list"]) }),
  exampleTask: () =>
    row(
      {
        learner: thing(learner()),
        examples: argument(examples(), ["list"]),
        options: settings(taskOptions()),
      },
      { methods: task },
    ),
  forEachBatch: () =>
    row({
      examples: argument(examples(), ["list"]),
      sizeOf: func(() => 1),
      options: settings({
        batch: maybe(size(1)),
        signal: maybe(argument({ aborted: false }, [])),
        pause: maybe(func(async () => {})),
      }),
      visit: func(async () => {}),
    }),
  sequenceClassifier: () =>
    row(
      {
        config: settings({
          layer: thing(layer()),
          features: size(3),
          classes: size(2),
          symbols: maybe(argument({ vocabulary: 3, features: 2 }, [], { vocabulary: 0, features: 2 })),
          read: maybe(choice("mean")),
          dropout: maybe(rate(0.1)),
        }),
      },
      { methods: methods("init", "apply") },
    ),
  classificationLearner: () =>
    row(
      { model: thing(model()), options: settings({ backward: backward() }) },
      { methods: methods("init", "sizeOf", "pack", "predictions", "loss", "evaluate") },
    ),
  classificationTask: () =>
    row(
      {
        model: thing(model()),
        examples: argument(examples(), ["list"]),
        options: settings({ ...taskOptions(), backward: backward() }),
      },
      { methods: task, says: "" },
    ),
  classificationScores: () =>
    row({
      right: argument([0, 1], ["list"], [0, 2]),
      answered: argument([0, 1], ["list"], [0, 2]),
      classes: size(2),
    }),
  textEncoding: () =>
    row({
      texts: argument(["ab"], ["list"], [1]),
      options: settings({ level: choice("char"), column: text("text"), most: maybe(size(5)) }),
    }),
  textEncoder: () =>
    row(
      { encoding: argument(textEncoding(["a"], { level: "char", column: "text" }), []) },
      { methods: { "": row({ text: text("a") }, { says: "textEncoder(encoding): " }) } },
    ),
  numbersEncoding: () =>
    row({
      sequences: argument([[1, 2]], ["list"], [1]),
      options: settings({
        columns: argument(["a"], ["list"], [1]),
        column: nullable(text("values")),
        steps: maybe(argument(["a"], ["list"], [1])),
      }),
    }),
  scaledNumbers: () =>
    row({
      values: argument([1, 2], ["list"]),
      encoding: argument(numbersEncoding([[1, 2]], { columns: ["a"], column: "values" }), []),
    }),
  numbersIn: () => exempt("reads what users of a trained model give, and throws InputError: tests/tasks"),
  classifyRunModel: () =>
    row(
      {
        settings: settings({
          cell: choice("lstm"),
          hidden: size(3),
          layers: size(1),
          features: size(2),
          dropout: rate(0),
          bidirectional: flag(false),
          read: choice("mean"),
        }),
        encoding: argument(
          { labels: ["a", "b"], input: textEncoding(["a"], { level: "char", column: "text" }) },
          [],
          { labels: [], input: {} },
        ),
        own: maybe(nullable(func(() => null))),
      },
      { methods: methods("init", "apply") },
    ),
  treeClassifier: () =>
    row(
      {
        config: settings({
          cell: thing(treeCell()),
          hidden: size(3),
          words: size(4),
          features: size(2),
          classes: size(2),
          dropout: maybe(rate(0.1)),
        }),
      },
      { methods: methods("init", "apply") },
    ),
  treeLearner: () =>
    row(
      { model: thing(treeModel()), options: settings({ backward: backward() }) },
      { methods: methods("init", "sizeOf", "pack", "predictions", "loss", "evaluate") },
    ),
  treeTask: () =>
    row(
      {
        model: thing(treeModel()),
        examples: argument([{ children: [[]], words: [1], labels: [0] }], ["list"]),
        options: settings({ ...taskOptions(), backward: backward() }),
      },
      { methods: task, says: "" },
    ),
  treeEncoder: () =>
    row(
      { encoding: argument(treeEncoding, [], { labels: [], words: [], bracketLabels: true }) },
      {
        methods: { "": row({ tree: argument(parseTree("(a b)"), []) }, { says: "treeEncoder(encoding): " }) },
      },
    ),
  treesRunModel: () =>
    row(
      {
        settings: settings({
          cell: choice("tree-rnn"),
          hidden: size(3),
          features: size(2),
          dropout: rate(0),
        }),
        encoding: argument(treeEncoding, [], { labels: [], words: [], bracketLabels: true }),
        own: maybe(nullable(func(() => null))),
      },
      { methods: methods("init", "apply") },
    ),
  runLayers: () =>
    row(
      {
        config: settings({
          cell: choice("lstm"),
          input: size(2),
          hidden: size(3),
          layers: size(1),
          dropout: maybe(rate(0)),
          bidirectional: maybe(flag(false)),
        }),
        own: maybe(nullable(func(() => null))),
      },
      { methods: methods("init", "apply", "stream") },
    ),
  keptWeights: () => exempt("called by kinds of run, with the source that openRun hands them"),
  storedEncoding: () => exempt("called by kinds of run, with the source that openRun hands them"),
  InputError: () => exempt("an error that predictors throw"),
};
