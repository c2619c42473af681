import { check } from "../check/index.js";
import { isRecording, Traced } from "../ops/index.js";
import { ambient, type Value } from "../tensor/index.js";
import { valueKind } from "../tensor/kinds.js";
import { presentLevel } from "./linearised.js";

/** Who is told of marks; those at deeper levels of differentiation belong to somebody else. */
const marks = ambient<{ readonly watcher: (outputs: Value) => Value; readonly level: number } | null>(null);

/**
 * Marks the outputs of a model, inside a function that goes on to make a loss of them which is convex in the outputs. It returns its
 * argument. `gaussNewton`, and what is built on it, splits the function there into a model and its loss. The losses of the library mark
 * their outputs themselves.
 *
 * A mark inside a cell's step, or inside a function that is differentiated on the way, is not seen.
 *
 * @example
 * // The absolute error, made smooth: convex in the outputs.
 * const loss = (p: { w: Value }) => {
 *   const error = sub(markModelOutputs(mul(p.w, tensor([1, 2]))), 3);
 *   return mean(sqrt(add(square(error), 0.01)));
 * };
 * gaussNewtonProduct(loss)({ w: tensor([1, 1]) }, { w: tensor([1, 0]) });
 */
export function markModelOutputs(outputs: Value): Value {
  check("markModelOutputs", "outputs", outputs, valueKind);
  const current = marks.present;
  if (current === null || isRecording()) return outputs;
  if (outputs instanceof Traced && outputs.interpreter.level > current.level) return outputs;
  return current.watcher(outputs);
}

/**
 * Runs `f`; each value that `markModelOutputs` marks goes through `watcher`, and `f` goes on with what that gives.
 * @example
 * const seen: Value[] = [];
 * const loss = watchModelOutputs(
 *   (z) => {
 *     seen.push(z);
 *     return z;
 *   },
 *   () => crossEntropyMean(zeros([2, 3]), tensor([0, 1], "int32")),
 * );
 * seen[0]!.shape; // [2, 3]
 */
export function watchModelOutputs<T>(watcher: (outputs: Value) => Value, f: () => T): T {
  return marks.within({ watcher, level: presentLevel() }, f);
}
