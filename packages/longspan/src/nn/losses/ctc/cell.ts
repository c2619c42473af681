import { defineCell } from "../../../cell/index.js";
import { add, exp, log, maximum, stopGradient, sub } from "../../../ops/index.js";
import type { Value } from "../../../tensor/index.js";

/** ln 0, as a finite number: sums and differences of it are no NaN, and e to it is 0 in every float type. */
export const never = -1e30;

/**
 * The forward recurrence of connectionist temporal classification over the lattice of frames t and labels k. For a label sequence
 * l[0..L-1] there are two states, the logarithms of the probability of all beginnings of an alignment that after frame t have
 *
 *     blank(t, k): k labels behind them, and a blank at t
 *     label(t, k): l[k] at t
 *
 *     blank(t, k) = y(t)[blank] ( blank(t-1, k) + label(t-1, k-1) )
 *     label(t, k) = y(t)[l[k]]  ( label(t-1, k) + blank(t-1, k) + label(t-1, k-1) unless l[k] = l[k-1] )
 *
 * The port `stay` brings (t-1, k), the port `next` (t-1, k-1).
 *
 * Inputs are ln y(t)[blank], ln y(t)[l[k]], and `barred`: 0, or ln 0 where a label follows itself, which takes a blank in between.
 *
 * @see Graves et al. (2006), equations 6 and 7: their alpha for even and odd positions
 */
export const ctcCell = defineCell({
  name: "ctc",
  inputs: () => ({ blankHere: [], labelHere: [], barred: [] }),
  state: () => ({ blank: [], label: [] }),
  params: () => ({}),
  ports: ["stay", "next"],
  step({ blankHere, labelHere, barred, stay, next }) {
    const blank = add(blankHere, addLogs(stay.blank, next.label));
    const label = add(labelHere, addLogs(stay.label, stay.blank, add(next.label, barred)));
    return { state: { blank, label }, output: {} };
  },
})(undefined);

/** The logarithm of the sum of what these are the logarithms of. */
function addLogs(...terms: readonly [Value, ...Value[]]): Value {
  const top = stopGradient(terms.reduce((a, b) => maximum(a, b)));
  return add(top, log(terms.map((a) => exp(sub(a, top))).reduce((a, b) => add(a, b))));
}
