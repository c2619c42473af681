import { defineCell } from "../../cell/index.js";
import { optional, size } from "../../check/index.js";
import { matmul } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { sizes } from "./settings.js";
import { type NodeSpecs, nodeSpecs, treeNode } from "./tree-node.js";

/** Settings of `gatedTree`. */
export interface GatedTreeOptions {
  /** Features of x. */
  readonly input: number;
  /** Units of h. */
  readonly hidden: number;
  /** Units between the children of a node and its gates; twice `hidden` by default. */
  readonly inner?: number;
}

/**
 * A recursive network whose nodes choose by gates what of each child they keep. It is the cell that `orderedMemory` runs over the tree that it
 * infers; over trees that are known, it is this one.
 *
 *     e = relu(W_left l + W_right r + b)                                 [inner], of the children l and r
 *     (a_l, a_r, a_c, u) = W_gates e + b_gates
 *     h = layer-normalised(sigmoid(a_l) l + sigmoid(a_r) r + sigmoid(a_c) u + U x)
 *
 * A child that is absent has h = 0. Input x [input] at every node, by rule zero at all but the leaves; ports left and right; state h and
 * output h [hidden]. Parameters U [input, hidden]; Wleft and Wright [hidden, inner], b [inner]; Wgates [inner, 4 hidden] and bgates [4 hidden]
 * in the order l, r, c, u; gain and bias [hidden] of the normalisation. Matrices start Glorot-uniform, the gain 1, b at
 * 0.1, the other biases zero. The paper has
 * no x at a node; its leaves are normalised by themselves.
 *
 * @see Shen et al. (2019), "Ordered memory", section 4.3, the gated recursive cell; section 10.6 of the chapter
 * @example
 * const cell = gatedTree({ input: 3, hidden: 4 });
 * const forest = trees([{ children: [[1, 2], [], []] }], { ports: ["left", "right"] });
 * const { final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([3, 3]) }, forest);
 * // final.h [1, 4]: the state of the root
 */
export const gatedTree = defineCell({
  name: "gatedTree",
  settings: { ...sizes, inner: optional(size) },
  ports: ["left", "right"],
  inputs: ({ input }: GatedTreeOptions): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
  params: ({ input, hidden, inner }): NodeSpecs => nodeSpecs(input, hidden, inner),
  step({ x, left, right }, params) {
    const h = treeNode([left.h, right.h], matmul(x, params.U), params);
    return { state: { h }, output: h };
  },
});
