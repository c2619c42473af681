import {
  characterVocabulary,
  classifyRunModel,
  collectSeries,
  forecastSetup,
  Key,
  pairsRunModel,
  pairsVocabulary,
  type RunKindName,
  type RunToSave,
  seriesRunModel,
  syntheticRunModel,
  syntheticRunProblem,
  taggingVocabulary,
  tagRunModel,
  textRunModel,
  treesRunModel,
} from "longspan";

const key = Key.of(1);

const abc = characterVocabulary("abc ");
const text = { cell: "peephole-lstm", hidden: 4, layers: 2, features: 3, dropout: 0.1, window: 2 };

const synthetic = { cell: "rnn", hidden: 5, start: "sigmoid", length: null, lengths: "10-12" } as const;
const { length: _, lengths: __, ...syntheticModel } = synthetic;
const problem = syntheticRunProblem("adding", { length: null, lengths: "10-12" });

const classify = {
  cell: "gru",
  hidden: 8,
  layers: 1,
  features: 4,
  dropout: 0,
  bidirectional: true,
  read: "mean",
} as const;
const classes = {
  labels: ["no", "yes"],
  input: { kind: "text", level: "byte", symbols: [], column: "text" },
} as const;

const trees = { cell: "child-sum-tree-lstm", hidden: 8, features: 4, dropout: 0 };
const labels = { labels: ["0", "1"], words: ["a", "b"], bracketLabels: true };

const tag = {
  cell: "gru",
  hidden: 8,
  layers: 1,
  features: 4,
  characters: 3,
  dropout: 0,
  bidirectional: true,
};
const tags = {
  ...taggingVocabulary([{ tokens: ["a", "b"], tags: ["X", "Y"] }], { minCount: 1 }),
  scheme: null,
  mode: "conll",
} as const;

const series = { cell: "gru", hidden: 8, layers: 1, dropout: 0 };
const collector = collectSeries();
for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
const setup = forecastSetup(collector.finish(), { horizon: 7 });
const past = { values: Array.from({ length: 40 }, (_, k) => (k * k) % 7) };

const pairs = { cell: "gru", hidden: 8, layers: 1, features: 4, dropout: 0, attention: true };
const sides = pairsVocabulary([{ source: "ab", target: "ba" }]);

/** A run as a program has it, and what its predictor reads. */
export interface MadeRun {
  readonly run: Omit<RunToSave, "config"> & {
    readonly config: RunToSave["config"] & Readonly<Record<string, unknown>>;
  } & Readonly<Record<string, unknown>>;
  readonly inputs?: readonly unknown[];
}

/** A run of each kind, whose models have learnt nothing. */
export const everyKind: Readonly<Record<RunKindName, MadeRun>> = {
  text: {
    run: {
      config: { task: "text", settings: text },
      vocabulary: abc,
      params: textRunModel(text, 4).init(key),
      step: 7,
    },
  },
  synthetic: {
    run: {
      config: { task: "synthetic", problem: "adding", settings: synthetic },
      params: syntheticRunModel(syntheticModel, problem).init(key),
      step: 7,
    },
  },
  classify: {
    run: {
      config: { task: "classify", settings: classify },
      encoding: classes,
      params: classifyRunModel(classify, classes).init(key),
      step: 7,
    },
    inputs: ["a text", "another"],
  },
  trees: {
    run: {
      config: { task: "trees", settings: trees },
      encoding: labels,
      params: treesRunModel(trees, labels).init(key),
      step: 7,
    },
    inputs: ["(0 (1 a) (0 b))"],
  },
  tag: {
    run: {
      config: { task: "tag", settings: tag },
      encoding: tags,
      params: tagRunModel(tag, tags).init(key),
      step: 7,
    },
    inputs: [{ tokens: ["a", "b", "c"] }],
  },
  series: {
    run: {
      config: { task: "series", settings: series },
      setup,
      params: seriesRunModel(series, setup).init(key),
      step: 7,
    },
    inputs: [past],
  },
  pairs: {
    run: {
      config: { task: "pairs", settings: pairs },
      vocabulary: sides,
      params: pairsRunModel(pairs, sides).net.init(key),
      step: 7,
    },
    inputs: ["ab", "ba"],
  },
};
