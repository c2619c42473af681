import type { OpenedTextRun } from "longspan";
import { readRunConfig } from "longspan/node";
import { openTrained } from "../../own-cell.js";
import { type TextRunConfig, textSchema } from "./config.js";

/** A trained model, from its run's folder, with all settings of the run. */
export interface TrainedRun extends OpenedTextRun {
  readonly config: TextRunConfig & OpenedTextRun["config"];
}

/** Reads a run with its trained parameters. @throws RunError naming the file and what is wrong with it */
export async function readRun(path: string): Promise<TrainedRun> {
  const config = readRunConfig(path, textSchema) as TrainedRun["config"];
  return { ...(await openTrained(path, "text")), config };
}
