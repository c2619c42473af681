import { cast } from "../ops/index.js";
import { formatShape, full, ShapeError, Tensor, type Value } from "../tensor/index.js";
import { floatTypeOf } from "./aligned.js";
import type { StepSettings } from "./transform.js";

/** Checks a learning rate. @throws RangeError unless it is a finite number of at least 0. */
export function checkLearningRate(what: string, rate: number): void {
  if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY))
    throw new RangeError(`${what}: the learning rate is a finite number of at least 0, got ${rate}`);
}

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
    checkLearningRate(what, rate);
    return full([], rate, dtype);
  }
  if (rate.rank !== 0)
    throw new ShapeError(`${what}: the learning rate is a scalar, got shape ${formatShape(rate.shape)}`);
  return fresh(cast(rate, dtype), rate);
}

function fresh(converted: Value, given: Value): Tensor {
  return (converted === given && given instanceof Tensor ? given.view([]) : converted) as Tensor;
}
