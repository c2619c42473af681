import { cast } from "../ops/index.js";
import { formatShape, full, ShapeError, type Tensor } from "../tensor/index.js";
import { floatTypeOf } from "./aligned.js";
import { checkAtLeastZero } from "./check-settings.js";
import { own } from "./own.js";
import type { StepSettings } from "./transform.js";

/**
 * The learning rate of a step as a scalar of the parameters' type. It is a tensor of its own: a shared constant would
 * be released with the state that records it, and a number baked into a program would be compiled again when it changes.
 */
export function learningRateOf(
  what: string,
  params: unknown,
  usual: number,
  settings: StepSettings | undefined,
): Tensor {
  const dtype = floatTypeOf(params);
  const rate = settings?.learningRate ?? usual;
  if (typeof rate === "number") {
    checkAtLeastZero(what, "learning rate", rate);
    return full([], rate, dtype);
  }
  if (rate.rank !== 0)
    throw new ShapeError(`${what}: the learning rate is a scalar, got shape ${formatShape(rate.shape)}`);
  return (rate.dtype === dtype ? own(rate) : cast(rate, dtype)) as Tensor;
}
