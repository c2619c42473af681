import type { LanguageModel, LanguageModelParams, Vocabulary } from "longspan";
import { readConfig, readVocabulary, readWeights } from "../../run-folder.js";
import { checkTextConfig, modelFor, type TextRunConfig } from "./config.js";

/** A trained model, from its run's folder. */
export interface TrainedRun {
  readonly config: TextRunConfig;
  readonly vocabulary: Vocabulary;
  readonly model: LanguageModel;
  readonly params: LanguageModelParams;
  /** Steps of training that they have had; null if the file does not say. */
  readonly step: number | null;
}

/** Reads a run with its trained parameters. @throws Failure naming the file and what is wrong with it */
export function readRun(path: string): TrainedRun {
  const config = readConfig(path, checkTextConfig);
  const vocabulary = readVocabulary(path);
  const model = modelFor(config.settings, vocabulary.size);
  // The form of parameters is that of any start, and the others take the eigenvalues of a large matrix.
  const form = modelFor({ ...config.settings, start: "cell" }, vocabulary.size);
  return { config, vocabulary, model, ...readWeights(path, form) };
}
