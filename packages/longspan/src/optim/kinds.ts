import { having, type KindsOf, kind, optional, type RequiredKind, record } from "../check/index.js";
import { keyKind, valueKind } from "../tensor/kinds.js";
import type { KnownNormSetting } from "./joint-norm.js";
import type { MomentumSetting } from "./momentum-of.js";
import type { ObjectiveSetting } from "./objective.js";
import type { StepSettings } from "./transform.js";

/** An update rule or a treatment of gradients. */
export const transformKind: RequiredKind = having(
  "a transform, such as sgd({ learningRate: 0.1 })",
  "init",
  "update",
);

const numberOrScalar = kind(
  "a number or a scalar tensor",
  (value) => typeof value === "number" || valueKind.accepts(value),
);

/** What may differ from step to step. The ranges of the numbers are checked where they are used. */
export const stepKinds: KindsOf<StepSettings> = {
  learningRate: optional(numberOrScalar),
  key: optional(keyKind),
};

/** What a step may be told for a transform with a velocity. */
export const momentumKinds: KindsOf<MomentumSetting> = { momentum: optional(numberOrScalar) };

/** What it may be told for one that looks at the loss again. */
export const objectiveKinds: KindsOf<ObjectiveSetting> = {
  objective: optional(having("a record with the loss as a function of the parameters", "loss")),
};

/** What a transform around another tells it. */
export const knownNormKinds: KindsOf<KnownNormSetting> = { knownNorm: optional(record) };
