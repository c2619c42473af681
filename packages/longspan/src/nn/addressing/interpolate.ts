import { check } from "../../check/index.js";
import { add, mul, sub } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

/**
 * Weights between those of the step before and those that content asks for: how addressing by content and by place go together.
 *
 *     w'_m = g w_m + (1 - g) previous_m
 *
 * With g = 1 the past does not count, with g = 0 the content does not.
 *
 * @param weights per member [], or [N]: those of content @param previous those of the step before, in the same shape
 * @param g the gate, a number [] from 0 to 1
 * @returns weights in the same shape
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", equation 7
 * @example interpolate(tensor([1, 0]), tensor([0, 1]), tensor(0.25)) // [0.25, 0.75]
 */
export function interpolate(weights: Value, previous: Value, g: Value): Value {
  check("interpolate", "weights", weights, valueKind);
  check("interpolate", "previous", previous, valueKind);
  check("interpolate", "g", g, valueKind);
  return add(mul(g, weights), mul(sub(1, g), previous));
}
