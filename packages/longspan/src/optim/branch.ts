import { check, func } from "../check/index.js";
import { where } from "../ops/index.js";
import { isOnCpu, mapTrees, onCpu, scope, type Value } from "../tensor/index.js";
import { valueKind } from "../tensor/kinds.js";

/**
 * One of two trees, by a flag that only the executor knows.
 *
 * Where the flag can be read at once, it is, and only one side is evaluated. Elsewhere reading would stop the pipeline:
 * both sides are evaluated and the values selected leaf by leaf (`where`), never multiplied by a mask, so that a NaN on one
 * side stays out of the other. The values are the same either way.
 *
 * @param flag scalar; not 0 chooses `whenTrue`.
 * @param whenTrue gives a tree, such as parameters or a state. It may be evaluated without being chosen.
 * @param otherwise gives a tree of the same form.
 * @throws TypeError if both sides are evaluated and the second lacks a path of the first.
 * @example
 * const flag = tensor(1, "int32");
 * branch(flag, () => ({ w: tensor([1, 2]) }), () => ({ w: tensor([NaN, 0]) })); // { w: [1, 2] }
 */
export function branch<T>(flag: Value, whenTrue: () => T, otherwise: () => T): T {
  check("branch", "flag", flag, valueKind);
  check("branch", "whenTrue", whenTrue, func);
  check("branch", "otherwise", otherwise, func);
  if (isOnCpu(flag)) return onCpu(flag).item() !== 0 ? whenTrue() : otherwise();
  return scope(() => mapTrees(whenTrue(), [otherwise()], ([a, b]) => where(flag, a!, b!)));
}
