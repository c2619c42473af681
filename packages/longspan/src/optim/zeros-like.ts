import { mapTree, zeros } from "../tensor/index.js";
import type { TensorTree } from "./transform.js";

/** Zeros of the parameters' form, as the running means of a rule begin. */
export function zerosLike(params: unknown): TensorTree {
  return mapTree(params, (p) => zeros(p.shape, p.dtype)) as TensorTree;
}
