import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  characterVocabulary,
  classifyRunModel,
  collectSeries,
  forecastSetup,
  Key,
  seriesRunModel,
  storedVocabulary,
  syntheticRunModel,
  syntheticRunProblem,
  taggingVocabulary,
  tagRunModel,
  textRunModel,
  treesRunModel,
} from "longspan";
import { createRun } from "longspan/node";

const alphabet = "abcdefghijklmnopqrstuvwxyz .,\n";

/** A run on a text whose model has learnt nothing. */
export async function textRunIn(
  folder: string,
  settings: { hidden?: number; cell?: string } = {},
): Promise<string> {
  const vocabulary = characterVocabulary(alphabet);
  const model = { cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0, ...settings };
  const path = join(folder, "text");
  mkdirSync(path, { recursive: true });
  const run = createRun(
    path,
    { task: "text", settings: model },
    { vocabulary: storedVocabulary(vocabulary) },
  );
  await run.saveWeights(textRunModel(model, vocabulary.size).init(Key.of(1)), 7);
  run.close();
  return path;
}

/** A run on a synthetic problem, likewise. */
export async function syntheticRunIn(folder: string, hidden = 8): Promise<string> {
  const settings = { cell: "lstm", hidden, length: 50, lengths: null };
  const path = join(folder, "synthetic");
  mkdirSync(path, { recursive: true });
  const content = { task: "synthetic", problem: "adding", settings };
  const run = createRun(path, content);
  const problem = syntheticRunProblem("adding", { length: 50, lengths: null });
  await run.saveWeights(syntheticRunModel({ cell: "lstm", hidden }, problem).init(Key.of(1)), 7);
  run.close();
  return path;
}

/** A run that says which of two classes a text is of, likewise. */
export async function classifyRunIn(folder: string): Promise<string> {
  const settings = {
    cell: "gru",
    hidden: 8,
    layers: 1,
    features: 4,
    dropout: 0,
    bidirectional: false,
    read: "mean",
  } as const;
  const encoding = {
    labels: ["no", "yes"],
    input: { kind: "text", level: "byte", symbols: [], column: "text" },
  } as const;
  const path = join(folder, "classify");
  mkdirSync(path, { recursive: true });
  const run = createRun(path, { task: "classify", settings }, { vocabulary: encoding });
  await run.saveWeights(classifyRunModel(settings, encoding).init(Key.of(1)), 7);
  run.close();
  return path;
}

/** Runs of the other kinds, likewise, by what they read: a line that is an input, as the page takes it. */
export async function otherRunsIn(
  folder: string,
): Promise<readonly { path: string; kind: "trees" | "tag" | "series"; input: string }[]> {
  const made = async (
    kind: "trees" | "tag" | "series",
    settings: object,
    encoding: object,
    params: object,
    input: string,
  ) => {
    const path = join(folder, kind);
    mkdirSync(path, { recursive: true });
    const run = createRun(path, { task: kind, settings }, { vocabulary: encoding as never });
    await run.saveWeights(params, 7);
    run.close();
    return { path, kind, input };
  };
  const key = Key.of(1);
  const trees = { cell: "child-sum-tree-lstm", hidden: 8, features: 4, dropout: 0 };
  const treeEncoding = { labels: ["0", "1"], words: ["a", "b"], bracketLabels: true };
  const tag = {
    cell: "gru",
    hidden: 8,
    layers: 1,
    features: 4,
    characters: null,
    dropout: 0,
    bidirectional: true,
  };
  const known = taggingVocabulary([{ tokens: ["a", "b"], tags: ["X", "Y"] }]);
  const tagEncoding = { ...known, scheme: null, mode: "conll" } as const;
  const series = { cell: "gru", hidden: 8, layers: 1, dropout: 0 };
  const collector = collectSeries();
  for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
  const setup = forecastSetup(collector.finish(), { horizon: 7 });
  const past = JSON.stringify({ values: Array.from({ length: 40 }, (_, k) => k % 7) });
  return [
    await made("trees", trees, treeEncoding, treesRunModel(trees, treeEncoding).init(key), "(0 (1 a) (0 b))"),
    await made(
      "tag",
      tag,
      tagEncoding,
      tagRunModel(tag, tagEncoding).init(key),
      '{"tokens": ["a", "b", "c"]}',
    ),
    await made("series", series, { setup }, seriesRunModel(series, setup).init(key), past),
  ];
}
