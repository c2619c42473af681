import type { TreeNodes } from "../../unfold/index.js";

/** A tree in numbers, node 0 its root. */
export interface ClassifiedTree extends Pick<TreeNodes, "children"> {
  /** Per node: its word; 0 where there is none. */
  readonly words: ArrayLike<number>;
  /** Per node: its class, from 0; -1 where it is not known. */
  readonly labels: ArrayLike<number>;
}
