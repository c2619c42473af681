import { rate } from "../check/index.js";
import type { Tensor, Value } from "../tensor/index.js";
import { stepScalar } from "./step-scalar.js";

/** What a step may be told for a transform with a velocity. */
export interface MomentumSetting {
  /**
   * Momentum of this step alone, in [0, 1), in place of the one that the transform was made with: a number, or a scalar tensor. Like
   * the learning rate, it may follow a `Schedule`.
   */
  readonly momentum?: number | Value;
}

/** The momentum of a step as a scalar: that of the settings, else the usual one. */
export function momentumOf(
  what: string,
  params: unknown,
  usual: number,
  settings: MomentumSetting | undefined,
): Tensor {
  return stepScalar(what, "momentum", params, settings?.momentum ?? usual, rate);
}
