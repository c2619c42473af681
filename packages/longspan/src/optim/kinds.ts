import { having, type KindsOf, kind, optional, type RequiredKind, record } from "../check/index.js";
import { keyKind, valueKind } from "../tensor/kinds.js";
import type { StepSettings } from "./transform.js";

/** An update rule or a treatment of gradients. */
export const transformKind: RequiredKind = having(
  "a transform, such as sgd({ learningRate: 0.1 })",
  "init",
  "update",
);

const numberOrScalar = kind(
  "a number or a scalar tensor",
  (given) => typeof given === "number" || valueKind.accepts(given),
);

/** What may differ from step to step. The ranges of the numbers are checked where they are used. */
export const stepKinds: KindsOf<StepSettings> = {
  learningRate: optional(numberOrScalar),
  momentum: optional(numberOrScalar),
  key: optional(keyKind),
  objective: optional(having("a record with the loss as a function of the parameters", "loss")),
  knownNorm: optional(record),
};
