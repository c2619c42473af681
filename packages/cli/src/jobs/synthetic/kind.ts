import { syntheticProblemNames } from "longspan";
import type { JobKind } from "../job.js";
import { trainSyntheticBeginning, trainSyntheticSettings } from "./settings.js";

/** Problems that show how far back a model can learn from. */
export const synthetic: JobKind = {
  name: "synthetic",
  summary: "Train a model on a problem of long-term dependency, or go on with it",
  description: `Train a model on a problem of long-term dependency, or go on with it; its sequences never come twice\n\n${trainSyntheticBeginning}`,
  argument: {
    name: "task",
    help: `one of ${syntheticProblemNames.join(", ")}; with --resume, the run's own if not given`,
    missing: "the name of a task is missing",
  },
  settings: trainSyntheticSettings,
  train: async () => (await import("./job.js")).syntheticJob,
  eval: async () => (await import("./eval.js")).evalRun,
  inspect: async () => (await import("./inspect.js")).syntheticSubject,
};
