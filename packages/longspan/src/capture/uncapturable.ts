import { check, text } from "../check/index.js";
import { hostAccess } from "../tensor/index.js";

/**
 * Says, inside a function that may be captured, that what it goes on to do does not follow from its arguments: then its runs are not
 * repeated. It does nothing where nothing is captured.
 *
 * @param what completes "the function ..."
 * @throws CaptureError within `capture`, which then calls the function each time, or hands the error on
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
