import { check, checkSettings, list, listOf, optional, text } from "../../check/index.js";
import { layOut } from "./lay-out.js";
import { type Structure, StructureError, zeroState } from "./structure.js";

/** A tree by its nodes: `children[n]` lists the children of node n, left to right. */
export interface TreeNodes {
  readonly children: readonly (readonly number[])[];
  /** Per node a label, as `parseTree` reads them; a structure has no use for them. */
  readonly labels?: readonly string[];
  /** Per node a word or null; a structure has no use for them. */
  readonly words?: readonly (string | null)[];
}

/**
 * A batch of trees. A parent reads its children; the states of the roots are the final states, one row per tree in the order
 * given. A tree without nodes has zeros there, as an empty chain has. With `ports` such as `["left", "right"]` the i-th child is
 * read through the i-th port; without, all children arrive at one port and are summed (give the cell an `edge` step to treat
 * each child by itself).
 *
 * @throws StructureError naming the tree, if it has several roots or a cycle, or a node has more children than ports, or more
 * than one parent.
 * @example trees([{ children: [[1, 2], [], []] }], { ports: ["left", "right"] }).levels // 2
 */
export function trees(forest: readonly TreeNodes[], options?: { ports?: readonly string[] }): Structure {
  check("trees", "forest", forest, list);
  const { ports } = checkSettings("trees", options, { ports: optional(listOf(text, "a list of names")) });
  for (const [i, tree] of forest.entries()) checkSettings(`trees: forest[${i}]`, tree, treeKinds);
  const graphs = forest.map(({ children }, i) => {
    const name = `trees: tree ${i}`;
    const parents = new Int32Array(children.length).fill(-1);
    const edges = children.flatMap((list, to) => {
      if (ports && list.length > ports.length)
        throw new StructureError(
          `${name}: node ${to} has ${list.length} children, the cell has ports ${ports.join(", ")}`,
        );
      return list.map((from, c) => {
        if (parents[from] !== undefined && parents[from] >= 0)
          throw new StructureError(`${name}: node ${from} is a child of both ${parents[from]} and ${to}`);
        parents[from] = to;
        return ports ? { from, to, port: ports[c]! } : { from, to };
      });
    });
    return { name, nodes: children.length, edges, finals: [rootOf(name, parents)] };
  });
  return layOut(graphs, ports ?? ["in"]);
}

/** The node without a parent; `nothing` where there is none: no node at all, or a cycle, which is found later. */
function rootOf(name: string, parents: Int32Array): number {
  const roots = Array.from(parents.keys()).filter((n) => parents[n] === -1);
  if (roots.length > 1)
    throw new StructureError(
      `${name}: nodes ${listed(roots)} are children of no node; a tree has one root, whose state is the tree's row of final. Make them children of one node or trees of their own; graph() takes several final nodes, a row for each`,
    );
  return roots[0] ?? zeroState;
}

function listed(nodes: readonly number[]): string {
  const most = 5;
  if (nodes.length > most + 1) return `${nodes.slice(0, most).join(", ")} and ${nodes.length - most} more`;
  return `${nodes.slice(0, -1).join(", ")} and ${nodes.at(-1)}`;
}

const treeKinds = {
  children: listOf(list, "a list with one list of children per node"),
  labels: optional(list),
  words: optional(list),
};
