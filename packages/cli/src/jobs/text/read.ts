import type { OpenedTextRun } from "longspan";
import { openRun, readRunConfig } from "longspan/node";
import { type TextRunConfig, textSchema } from "./config.js";

/** A trained model, from its run's folder, with all settings of the run. */
export interface TrainedRun extends OpenedTextRun {
  readonly config: TextRunConfig & OpenedTextRun["config"];
}

/** Reads a run with its trained parameters. @throws RunError naming the file and what is wrong with it */
export function readRun(path: string): TrainedRun {
  const config = readRunConfig(path, textSchema) as TrainedRun["config"];
  return { ...openRun(path, "text"), config };
}
