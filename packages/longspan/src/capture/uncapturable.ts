import { check, text } from "../check/index.js";
import { hostAccess } from "../tensor/index.js";

/**
 * Marks the call of a captured function as one that cannot be repeated. Call it inside a function that may be captured, before the
 * function does something that does not depend on its arguments only. Outside of `capture` it does nothing.
 *
 * @param what completes "the function ..."
 * @throws CaptureError within `capture`, which then calls the function each time or throws the error
 * @see `capture`
 * @example
 * let calls = 0;
 * const counted = capture(
 *   (x: Tensor) => {
 *     uncapturable("counts its calls");
 *     calls += 1;
 *     return mul(x, calls);
 *   },
 *   { otherwise: "call" },
 * );
 * const results = [1, 2, 3, 4].map((x) => onCpu(counted(tensor(x))).item());
 * results; // [ 1, 4, 9, 16 ]
 */
export function uncapturable(what: string): void {
  check("uncapturable", "what", what, text);
  hostAccess()?.refused(what);
}
