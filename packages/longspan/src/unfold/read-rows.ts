import type { CellGraph } from "../cell/index.js";
import { concat, gather, indexSum, slice } from "../ops/index.js";
import { formatShape, ShapeError, type Value } from "../tensor/index.js";
import { indexTensor, type Structure } from "./structures/structure.js";

/**
 * Values per read, [reads, ...], as a cell takes them: per edge where it has an edge step; else each port's summed per node, as the states
 * are that arrive there.
 * @param values by slot @returns by port and slot, or by slot
 * @throws ShapeError for another number of rows
 */
export function atReads(
  cell: string,
  { edge, inPorts }: CellGraph,
  structure: Structure,
  values: readonly (readonly [slot: string, value: Value])[],
): Value[] {
  const { reads, nodes } = structure;
  for (const [slot, v] of values)
    if (v.shape[0] !== reads.node.length)
      throw new ShapeError(
        `unfold ${cell}: probe.read.${slot} is ${formatShape(v.shape)}, expected ${reads.node.length} rows: one for each edge into a node, in the order of structure.reads`,
      );
  if (edge || reads.onePerNode) return values.map(([, v]) => v);
  const index = indexTensor(rowsByPort(structure));
  const sums = values.map(([, v]) => indexSum(v, index, inPorts.length * nodes));
  return inPorts.flatMap((_, q) => sums.map((v) => slice(v, 0, q * nodes, (q + 1) * nodes)));
}

/**
 * What a cell gives for its reads, a row for each read.
 * @param values by port and slot; once and by slot if the cell has an edge step @returns by slot: [reads, ...]
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const tree = trees([{ children: [[1, 2], [], []] }]);
 * perRead(traced, tree, [[tensor([1, 2, 3])]])[0] // [3, 3]: both edges lead to the root, which has the last row
 */
export function perRead({ edge }: CellGraph, structure: Structure, values: readonly Value[][]): Value[] {
  const { reads } = structure;
  if (edge || reads.onePerNode) return values[0]!;
  const index = indexTensor(rowsByPort(structure));
  return values[0]!.map((own, s) => {
    const all =
      values.length > 1
        ? concat(
            values.map((slots) => slots[s]!),
            0,
          )
        : own;
    return gather(all, index);
  });
}

/** The row of each read where the nodes' rows are laid one port after the other. */
function rowsByPort({ reads, nodes }: Structure): Int32Array {
  return reads.node.map((node, r) => reads.port[r]! * nodes + node);
}
