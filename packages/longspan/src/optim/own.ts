import { Tensor, type Value } from "../tensor/index.js";

/**
 * The same data as a tensor of its own, which may be released on its own: what a transform hands on unchanged must not
 * go with what it was given.
 */
export function own(v: Value): Value {
  return v instanceof Tensor ? v.view(v.shape) : v;
}
