import { checkSettings, func, kind, optional, size } from "../../check/index.js";
import { concat, gather, reshape } from "../../ops/index.js";
import { type Value, zeros } from "../../tensor/index.js";
import type { Structure } from "../../unfold/index.js";
import { indexTensor } from "../../unfold/structures/structure.js";
import type { SequenceLayer } from "../module.js";
import { gridSizesOf } from "./grid-rows.js";
import { type LinearParams, linear } from "./linear.js";
import { sequenceLayer } from "./sequence-layer.js";

/** Settings of `gridConvolution`. */
export interface GridConvolutionConfig {
  /** Features of x at a node. */
  readonly input: number;
  /** Features of the result. */
  readonly output: number;
  /** Height and width of what a node sees, odd: the node is in its middle. 3 by default. */
  readonly size?: number;
  /** What is applied to the result, element by element; nothing by default. */
  readonly activation?: (value: Value) => Value;
}

/**
 * A two-dimensional convolution over grids of any sizes in a batch: what recurrence over a grid begins with, from the bottom up (section
 * 10.3). With size 2 r + 1,
 *
 *     y(i, j) = activation(b + sum over u, v from -r to r of x(i + u, j + v) W(u, v))
 *
 * where x beyond the border of its own grid is zero. x [nodes, input] gives [nodes, output] in the same rows. Parameters W [size size
 * input, output], the rows of x(i - r, j - r) first, row by row, Glorot-uniform at first; b [output], zero at first. It has no state.
 *
 * @throws StructureError if the structure is no grid
 * @see Goodfellow, Bengio, Courville (2016), sections 9.1 and 10.3
 * @example
 * const picture = grid([[28, 28]]);
 * const net = stacked([
 *   gridConvolution({ input: 1, output: 8, activation: tanh }),
 *   sweeps({ left: gru({ input: 8, hidden: 4 }), right: gru({ input: 8, hidden: 4 }) }),
 * ]);
 * net.apply(net.init(Key.of(1)), zeros([784, 1]), picture).output.shape // [ 784, 8 ]
 */
export function gridConvolution(
  config: GridConvolutionConfig,
): SequenceLayer<LinearParams, Readonly<Record<never, never>>> {
  const settings = checkSettings("gridConvolution", config, kinds);
  const { input, output, size: width = 3, activation } = settings;
  const map = linear({ input: width * width * input, output });
  return sequenceLayer("gridConvolution", {
    input: [input],
    features: output,
    forward: false,
    init: (key, dtype = "float32") => map.init(key, dtype),
    apply(params, x, structure) {
      const beyond = zeros([1, input], x.dtype);
      const seen = gather(concat([beyond, x], 0), indexTensor(patchesOf(structure, width)));
      const y = map.apply(params, reshape(seen, [structure.nodes, width * width * input]));
      return { output: activation ? activation(y) : y, final: {} };
    },
  });
}

const odd = kind(
  "an odd positive integer",
  (value) => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) % 2 === 1,
);
const kinds = { input: size, output: size, size: optional(odd), activation: optional(func) };

const known = new WeakMap<Structure, Map<number, Int32Array>>();

/** Row by row of a grid, 1 + the row of each node that is seen from there; 0 for what lies beyond the border. */
function patchesOf(structure: Structure, width: number): Int32Array {
  let byWidth = known.get(structure);
  if (!byWidth) {
    byWidth = new Map();
    known.set(structure, byWidth);
  }
  let patches = byWidth.get(width);
  if (!patches) {
    patches = layOutPatches(structure, width);
    byWidth.set(width, patches);
  }
  return patches;
}

function layOutPatches(structure: Structure, width: number): Int32Array {
  const sizes = gridSizesOf("gridConvolution", structure);
  const reach = (width - 1) / 2;
  const rowOf = new Int32Array(structure.nodes);
  structure.parts.order.forEach((node, row) => {
    rowOf[node] = row;
  });
  const patches = new Int32Array(structure.nodes * width * width);
  let start = 0;
  for (const [h, w] of sizes) {
    for (let i = 0; i < h; i++)
      for (let j = 0; j < w; j++) {
        let at = rowOf[start + i * w + j]! * width * width;
        for (let u = i - reach; u <= i + reach; u++)
          for (let v = j - reach; v <= j + reach; v++)
            patches[at++] = u < 0 || v < 0 || u >= h || v >= w ? 0 : 1 + rowOf[start + u * w + v]!;
      }
    start += h * w;
  }
  return patches;
}
