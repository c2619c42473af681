import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  characterVocabulary,
  classifyRunModel,
  Key,
  storedVocabulary,
  syntheticRunModel,
  syntheticRunProblem,
  textRunModel,
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
