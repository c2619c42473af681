import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, optional, size } from "../../check/index.js";
import { add, matmul, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import { sizes } from "./settings.js";

/** Settings of `treeRnn` and of `tensorTreeRnn`. */
export interface TreeRnnOptions {
  /** Features of x. */
  readonly input: number;
  /** Units of h. */
  readonly hidden: number;
  /** The most children of a node, N; 2 by default. */
  readonly arity?: number;
}

/** Parameters of `treeRnn`: U [input, hidden], b [hidden], and for each child k a Wk [hidden, hidden]. */
export interface TreeRnnSpecs {
  readonly U: ParamSpec;
  readonly b: ParamSpec;
  readonly [child: `W${number}`]: ParamSpec;
}

/** The state that comes in by a port. */
export interface ChildState {
  readonly h: Value;
}

/**
 * The recursive network: an affine map of the children and the input, and a nonlinearity, the same at every node of a tree (section 10.6,
 * figure 10.14).
 *
 *     h = tanh(b + U x + sum over k of W_k h_k)
 *
 * A child that is absent has h = 0, so a node may have any number of children up to N, none included. Input x [input] at every node; ports
 * child1, ..., childN: `trees(forest, { ports: cell.ports })`; state h and output h [hidden]. Parameters U [input, hidden], b [hidden] and
 * W1, ..., WN [hidden, hidden]. U starts Glorot-uniform, each W orthogonal, b zero. With one child it is `rnn`, and a tree is a chain.
 *
 * @see Pollack (1990), "Recursive distributed representations"; Goodfellow, Bengio, Courville (2016), section 10.6
 * @example
 * const cell = treeRnn({ input: 3, hidden: 4, arity: 3 });
 * const forest = trees([{ children: [[1, 2, 3], [], [4], [], []] }], { ports: cell.ports });
 * const { final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([5, 3]) }, forest);
 * // final.h [1, 4]: the state of the root
 */
export function treeRnn(options: TreeRnnOptions): Cell<{ x: Shape }, { h: Shape }, TreeRnnSpecs, Value> {
  const { arity = 2, ...config } = checkSettings<TreeRnnOptions>("treeRnn", options, treeRnnKinds);
  const { ports, weights } = childrenOf(arity);
  return defineCell({
    name: "treeRnn",
    ports,
    inputs: ({ input }: Omit<TreeRnnOptions, "arity">): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: ({ input, hidden }): TreeRnnSpecs => ({
      U: glorot(input, hidden),
      b: zerosInit(hidden),
      ...Object.fromEntries(weights.map((W) => [W, orthogonal(hidden, hidden)])),
    }),
    step({ x, ...children }, params) {
      const a = ports.reduce(
        (sum, port, k) => add(sum, matmul((children[port] as ChildState).h, params[weights[k]!]!)),
        add(matmul(x, params.U), params.b),
      );
      const h = tanh(a);
      return { state: { h }, output: h };
    },
  })(config);
}

/** The settings of recursive networks. */
export const treeRnnKinds = { ...sizes, arity: optional(size) };

/** The ports of children, and the names of their matrices. */
export function childrenOf(arity: number) {
  const numbers = Array.from({ length: arity }, (_, k) => k + 1);
  return {
    ports: numbers.map((k) => `child${k}`),
    weights: numbers.map((k): `W${number}` => `W${k}`),
  };
}
