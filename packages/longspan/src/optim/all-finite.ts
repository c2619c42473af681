import { check } from "../check/index.js";
import { equal, mul, sub, sum } from "../ops/index.js";
import { leaves, ones, scope, type Tensor, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";

/**
 * Whether no element of a tree is NaN or infinite: 1 or 0, an int32 scalar, without reading anything back.
 * @example allFinite({ w: tensor([1, Number.NaN]) }) // 0
 */
export function allFinite(tree: unknown): Tensor {
  check("allFinite", "tree", tree, treeKind);
  return scope(() => {
    let finite: Value = ones([], "int32");
    for (const v of leaves(tree)) {
      if (v.dtype === "int32" || v.size === 0) continue;
      // x - x is 0 where x is finite and NaN elsewhere, and a sum keeps a NaN.
      finite = mul(finite, equal(sum(sub(v, v)), 0));
    }
    return finite as Tensor;
  });
}
