import { check } from "../check/index.js";
import { add } from "../ops/index.js";
import { mapTree, scope } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { alignedLeaves } from "./aligned.js";

/**
 * The parameters after a step: params + updates, leaf by leaf, as new tensors.
 *
 * @param params tree of tensors.
 * @param updates tree of the same form, from the last transform (already negative: it points downhill).
 * @throws ShapeError naming the path if the trees differ in form, shape or type; nothing is broadcast.
 * @example applyUpdates({ w: tensor([1, 2]) }, { w: tensor([-0.5, 0]) }) // { w: [0.5, 2] }
 */
export function applyUpdates<P>(params: P, updates: P): P {
  check("applyUpdates", "params", params, treeKind);
  check("applyUpdates", "updates", updates, treeKind);
  const found = alignedLeaves("applyUpdates", params, { update: updates });
  return scope(() => mapTree(params, (p, path) => add(p, found.get(path)!.update)));
}
