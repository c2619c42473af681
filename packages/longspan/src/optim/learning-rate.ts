import { atLeastZero } from "../check/index.js";
import type { Tensor } from "../tensor/index.js";
import { stepScalar } from "./step-scalar.js";
import type { StepSettings } from "./transform.js";

/** The learning rate of a step as a scalar: that of the settings, else the usual one. */
export function learningRateOf(
  what: string,
  params: unknown,
  usual: number,
  settings: StepSettings | undefined,
): Tensor {
  return stepScalar(what, "learningRate", params, settings?.learningRate ?? usual, atLeastZero);
}
