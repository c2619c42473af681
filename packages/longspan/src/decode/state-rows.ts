import { gather } from "../ops/index.js";
import { fromArray, leaves, mapTree, type Tensor } from "../tensor/index.js";

/** Some rows of a tree of states, in this order, as tensors of their own. */
export function rowsOfState<S>(state: S, rows: Int32Array): S {
  const index = fromArray(rows, [rows.length], "int32");
  const chosen = mapTree(state, (v) => gather(v, index)) as S;
  index.dispose();
  return chosen;
}

/** Gives the memory of a tree of states back. */
export function disposeState(state: unknown): void {
  for (const v of leaves(state)) (v as Tensor).dispose();
}
