import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings } from "../../check/index.js";
import { add, concat, matmul, reshape, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, orthogonal, uniformInit, zerosInit } from "../init/index.js";
import {
  type ChildState,
  childrenOf,
  type TreeRnnOptions,
  type TreeRnnSpecs,
  treeRnnKinds,
} from "./tree-rnn.js";

/** Parameters of `tensorTreeRnn`: those of `treeRnn`, and V [N hidden, N hidden * hidden]. */
export interface TensorTreeRnnSpecs extends TreeRnnSpecs {
  readonly V: ParamSpec;
}

/**
 * The recursive network with a tensor: each unit of a node also sees every product of two units of its children, weighted by a matrix of
 * the unit's own. An affine map can only add what two children say; here one child can change what the other means, as a "not" does.
 *
 *     c   = (h_1, ..., h_N)                                                [N hidden], the children side by side
 *     h_j = tanh(b_j + (U x)_j + (sum over k of W_k h_k)_j + c' V_j c)
 *
 * A child that is absent has h = 0. Input x [input] at every node; ports child1, ..., childN; state h and output h [hidden]. Parameters U
 * [input, hidden], b [hidden] and W1, ..., WN [hidden, hidden] as in `treeRnn`; V [N hidden, N hidden * hidden], in which entry
 * [a, b * hidden + j] is the weight of c_a c_b for unit j. V has N^2 hidden^3 numbers: it is for few units. It starts uniform within
 * 1 / (N hidden), so that the products are small beside the sums at first. In the paper, leaves are vectors of words, of which inner nodes
 * have none: give those x = 0, and let U be square.
 *
 * @see Socher et al. (2013), "Recursive deep models for semantic compositionality over a sentiment treebank", section 4.3; section 10.6 of
 * the chapter
 * @example
 * const cell = tensorTreeRnn({ input: 3, hidden: 4 });
 * const forest = trees([{ children: [[1, 2], [], []] }], { ports: cell.ports });
 * const { final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([3, 3]) }, forest);
 * // final.h [1, 4]: the state of the root
 */
export function tensorTreeRnn(
  options: TreeRnnOptions,
): Cell<{ x: Shape }, { h: Shape }, TensorTreeRnnSpecs, Value> {
  const { arity = 2, ...config } = checkSettings<TreeRnnOptions>("tensorTreeRnn", options, treeRnnKinds);
  const { ports, weights } = childrenOf(arity);
  return defineCell({
    name: "tensorTreeRnn",
    ports,
    inputs: ({ input }: Omit<TreeRnnOptions, "arity">): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: ({ input, hidden }): TensorTreeRnnSpecs => ({
      U: glorot(input, hidden),
      b: zerosInit(hidden),
      V: uniformInit(1 / (arity * hidden), arity * hidden, arity * hidden * hidden),
      ...Object.fromEntries(weights.map((W) => [W, orthogonal(hidden, hidden)])),
    }),
    step({ x, ...children }, params) {
      const states = ports.map((port) => (children[port] as ChildState).h);
      const c = concat(states);
      const [width, hidden] = [c.shape[0]!, params.b.shape[0]!];
      // Row b of this matrix holds, for every unit j, the factor of c_b.
      const factors = reshape(matmul(c, params.V), [width, hidden]);
      const products = reshape(matmul(reshape(c, [1, width]), factors), [hidden]);
      const a = states.reduce(
        (sum, h, k) => add(sum, matmul(h, params[weights[k]!]!)),
        add(add(matmul(x, params.U), params.b), products),
      );
      const h = tanh(a);
      return { state: { h }, output: h };
    },
  })(config);
}
