/** What the nodes of a structure read: one entry for each edge into a node, ordered by the row that reads. */
export interface Reads {
  /** The row that reads. */
  readonly node: Int32Array;
  /** Where it reads: a row, or -(b + 1) for source b. */
  readonly from: Int32Array;
  /** The in-port, by its number. */
  readonly port: Int32Array;
  /** Whether each row reads once, by the only port, so that values per read are values per node: true of chains. */
  readonly onePerNode: boolean;
}

/** The edges that lead to nodes, in their order. */
export function readsOf({ edges: { from, to, toPort }, nodes, inPorts }: HasReads): Reads {
  const intoNodes = (column: Int32Array): Int32Array => column.filter((_, e) => to[e]! >= 0);
  const node = intoNodes(to);
  const onePerNode = inPorts.length === 1 && node.length === nodes && node.every((row, r) => row === r);
  return { node, from: intoNodes(from), port: intoNodes(toPort), onePerNode };
}

/** The parts of a structure that say what is read. */
interface HasReads {
  readonly nodes: number;
  readonly inPorts: readonly string[];
  readonly edges: { readonly from: Int32Array; readonly to: Int32Array; readonly toPort: Int32Array };
}
