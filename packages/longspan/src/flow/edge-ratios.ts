import { norm, pullBack, type RanLayer, stateSizes } from "./layer-steps.js";

/** What becomes of the gradient along each edge, as columns with an entry per edge. Nodes are numbered from 0 as they were given. */
export interface FlowAlongEdges {
  /** The sequence, tree or graph, counted from 0. */
  readonly sequence: Int32Array;
  /** The node that reads, and the node that it reads; -1 for an initial state. */
  readonly to: Int32Array;
  readonly from: Int32Array;
  /** The port that it reads by, by its number among the cell's. */
  readonly port: Int32Array;
  /**
   * |what flows back along the edge to its source| / |dL/dh at its target|: |(dL/dh(to)) dh(to)/dh(from)| / |dL/dh(to)|, the derivative
   * being that along this edge alone. NaN where dL/dh(to) = 0.
   */
  readonly ratio: Float64Array;
}

/** @param gradient dL/dh of each row, [nodes, state] */
export async function edgeRatios(layer: RanLayer, gradient: Float64Array): Promise<FlowAlongEdges> {
  const { total } = stateSizes(layer.cell);
  const { reads, parts } = layer.structure;
  const count = reads.node.length;
  const ratio = new Float64Array(count).fill(Number.NaN);
  // As many edges at a time as make some thousand rows.
  const block = 4096;
  for (let first = 0; first < count; first += block) {
    const edges = Int32Array.from({ length: Math.min(block, count - first) }, (_, i) => first + i);
    const cotangents = new Float64Array(edges.length * total);
    const sizes = new Float64Array(edges.length);
    edges.forEach((e, i) => {
      const d = gradient.subarray(reads.node[e]! * total, (reads.node[e]! + 1) * total);
      const size = norm(d);
      sizes[i] = size;
      // Of length 1, so that the product can neither overflow nor underflow.
      if (size > 0) for (let k = 0; k < total; k++) cotangents[i * total + k] = d[k]! / size;
    });
    const pulled = await pullBack(layer, edges, cotangents);
    edges.forEach((e, i) => {
      if (sizes[i]! > 0) ratio[e] = norm(pulled.subarray(i * total, (i + 1) * total));
    });
  }
  const position = (row: number) => (row < 0 ? -1 : parts.positions[row]!);
  return {
    sequence: reads.node.map((row) => parts.sequenceOf[row]!),
    to: reads.node.map(position),
    from: reads.from.map(position),
    port: reads.port.slice(),
    ratio,
  };
}
