import type { OpenedSyntheticRun } from "longspan";
import { readRunConfig } from "longspan/node";
import { openTrained } from "../../own-cell.js";
import { type SyntheticRunConfig, syntheticSchema } from "./config.js";

/** A trained model, from its run's folder, with all settings of the run. */
export interface TrainedSyntheticRun extends OpenedSyntheticRun {
  readonly config: SyntheticRunConfig & OpenedSyntheticRun["config"];
}

/** Reads a run with its trained parameters. @throws RunError naming the file and what is wrong with it */
export async function readSyntheticRun(path: string): Promise<TrainedSyntheticRun> {
  const config = readRunConfig(path, syntheticSchema) as TrainedSyntheticRun["config"];
  return { ...(await openTrained(path, "synthetic")), config };
}
