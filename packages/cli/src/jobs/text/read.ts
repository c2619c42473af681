import type { OpenedTextRun } from "longspan";
import { openRun, readRunConfig } from "longspan/node";
import { type TextRunConfig, textSchema } from "./config.js";
import { readingVocabulary } from "./tokenizer.js";

/** A trained model, from its run's folder, with all settings of the run. */
export interface TrainedRun extends OpenedTextRun {
  readonly config: TextRunConfig & OpenedTextRun["config"];
}

/** Reads a run with its trained parameters. @throws RunError naming the file and what is wrong with it */
export function readRun(path: string): TrainedRun {
  const config = readRunConfig(path, textSchema) as TrainedRun["config"];
  return { ...openTextRun(path), config };
}

/** Opens a run whose vocabulary reads and writes text, whatever cuts it. @throws RunError naming the file and what is wrong with it */
export function openTextRun(path: string): OpenedTextRun {
  const opened = openRun(path, "text");
  return { ...opened, vocabulary: readingVocabulary(opened.vocabulary, path) };
}
