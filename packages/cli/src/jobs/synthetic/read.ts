import { readConfig, readWeights } from "../../run-folder.js";
import { checkSyntheticConfig, problemOf, syntheticModel } from "./config.js";

/** A run on a synthetic problem with its trained parameters. @throws Failure naming the file and what is wrong with it */
export function readSyntheticRun(path: string) {
  const config = readConfig(path, checkSyntheticConfig);
  const problem = problemOf(config);
  const model = syntheticModel(config.settings, problem);
  // The form of parameters is that of any start, and the others take the eigenvalues of a large matrix.
  const form = syntheticModel({ ...config.settings, start: "cell" }, problem);
  return { config, problem, model, ...readWeights(path, form) };
}
