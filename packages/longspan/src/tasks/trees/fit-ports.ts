import type { ClassifiedTree } from "./classified-tree.js";

/**
 * A tree whose nodes have at most so many children: where there are more, the first ones are joined under a new node without word and class,
 * from the left, as `((a b) c)` of `(a b c)`. New nodes come last, so that the numbers of the others stay.
 */
export function fitPorts(tree: ClassifiedTree, ports: number): ClassifiedTree {
  if (tree.children.every((list) => list.length <= ports)) return tree;
  const children = tree.children.map((list) => [...list]);
  for (let node = 0; node < tree.children.length; node++)
    while (children[node]!.length > ports) {
      const joined = children.push(children[node]!.slice(0, Math.max(2, ports))) - 1;
      children[node] = [joined, ...children[node]!.slice(Math.max(2, ports))];
    }
  const more = new Array<number>(children.length - tree.children.length);
  return {
    children,
    words: [...Array.from(tree.words), ...more.fill(0)],
    labels: [...Array.from(tree.labels), ...more.fill(-1)],
  };
}
