import { rate } from "../check/index.js";
import type { Tensor } from "../tensor/index.js";
import { stepScalar } from "./step-scalar.js";
import type { StepSettings } from "./transform.js";

/** The momentum of a step as a scalar: that of the settings, else the usual one. */
export function momentumOf(
  what: string,
  params: unknown,
  usual: number,
  settings: StepSettings | undefined,
): Tensor {
  return stepScalar(what, "momentum", params, settings?.momentum ?? usual, rate);
}
