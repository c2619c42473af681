import { having, isRecord, kind, type RequiredKind } from "../check/index.js";
import { treeKind } from "../tensor/kinds.js";

/** What is trained. */
export const taskKind: RequiredKind = having(
  "a task, such as textTask(model, streams)",
  "batch",
  "predictions",
  "carriedAtStart",
  "loss",
);

/** The state of a run. */
export const stateKind: RequiredKind = kind(
  "the state of a run, such as startTraining(task, optimiser, params) gives",
  (value) =>
    isRecord(value) &&
    Number.isSafeInteger(value.step) &&
    ["params", "optimiser", "history"].every((part) => treeKind.accepts(value[part])),
);
