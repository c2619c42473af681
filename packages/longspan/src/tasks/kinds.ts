import { having, type RequiredKind } from "../check/index.js";

/** What learns from examples. */
export const learnerKind: RequiredKind = having(
  "a learner, such as classificationLearner(model)",
  "init",
  "sizeOf",
  "pack",
  "loss",
  "evaluate",
);
