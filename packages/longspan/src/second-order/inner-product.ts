import { mul, sum } from "../ops/index.js";
import { onCpu, scope, type Tensor } from "../tensor/index.js";

/** The inner product of two vectors, read. */
export function inner(a: Tensor, b: Tensor): number {
  return onCpu(scope(() => sum(mul(a, b)))).item();
}
