import { dot, equal, sqrt, where } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";

/** The Euclidean length of vectors, over the last axis; 1 for a vector of zeros, which is divided by it. @param x [..., n] @returns [...] */
export function lengthOf(x: Value): Value {
  const squares = dot(x, x);
  return sqrt(where(equal(squares, 0), 1, squares));
}
