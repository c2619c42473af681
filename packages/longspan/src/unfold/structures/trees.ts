import { graph } from "./graph.js";
import { type Structure, StructureError } from "./structure.js";

/** A tree by its nodes: `children[n]` lists the children of node n, left to right. */
export interface TreeNodes {
  readonly children: readonly (readonly number[])[];
}

/**
 * A batch of trees. A parent reads its children; the states of the roots are the final states. With `ports` such as
 * `["left", "right"]` the i-th child is read through the i-th port; without, all children arrive at one port and are
 * summed (give the cell an `edge` step to treat each child by itself).
 *
 * @throws StructureError if a node has more children than ports, or more than one parent, or there is a cycle.
 * @example trees([{ children: [[1, 2], [], []] }], { ports: ["left", "right"] }).levels // 2
 */
export function trees(
  forest: readonly TreeNodes[],
  { ports }: { ports?: readonly string[] } = {},
): Structure {
  return graph(
    forest.map(({ children }, i) => {
      const parents = new Int32Array(children.length).fill(-1);
      const edges = children.flatMap((list, to) => {
        if (ports && list.length > ports.length)
          throw new StructureError(
            `tree ${i}: node ${to} has ${list.length} children, the cell has ports ${ports.join(", ")}`,
          );
        return list.map((from, c) => {
          if (parents[from] !== undefined && parents[from] >= 0)
            throw new StructureError(`tree ${i}: node ${from} is a child of both ${parents[from]} and ${to}`);
          parents[from] = to;
          return ports ? { from, to, port: ports[c]! } : { from, to };
        });
      });
      return { nodes: children.length, edges };
    }),
    ports ? { ports } : {},
  );
}
