import { check, count, integerFrom, optional } from "../../check/index.js";
import type { TreeNodes } from "./trees.js";

/**
 * The tree over a sequence that is as low as a tree can be: its shape depends on the length alone (section 10.6). From any leaf to the root
 * there are at most ceil(log_arity(length)) edges, where a chain has up to length - 1.
 *
 * A node's leaves are shared out among its children, from left to right, in numbers that differ by one at most. Nodes 0..length-1 are the
 * leaves, in the order of the sequence; the others follow, each after its children, and the root is the last. A sequence of one is its leaf
 * alone, that of none a tree without nodes.
 *
 * @param length leaves: steps of the sequence
 * @param arity the most children that a node has, at least 2; 2 by default
 * @example
 * balancedTree(4).children // [[], [], [], [], [0, 1], [2, 3], [4, 5]]
 * trees([balancedTree(1000)]).levels // 11
 */
export function balancedTree(length: number, arity?: number): TreeNodes {
  check("balancedTree", "length", length, count);
  check("balancedTree", "arity", arity, optional(integerFrom(2)));
  const children: number[][] = Array.from({ length }, () => []);
  /** The node over the leaves [begin, end). */
  const over = (begin: number, end: number): number => {
    const n = end - begin;
    if (n === 1) return begin;
    const parts = Math.min(arity ?? 2, n);
    const cut = (i: number) => begin + Math.ceil((i * n) / parts);
    const list = Array.from({ length: parts }, (_, i) => over(cut(i), cut(i + 1)));
    return children.push(list) - 1;
  };
  if (length > 0) over(0, length);
  return { children };
}
