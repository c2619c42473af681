import { type Cell, defineCell, type ParamSpec, type ValuesOf } from "../../cell/index.js";
import { checkSettings, optional, size } from "../../check/index.js";
import {
  add,
  concat,
  constant,
  cumulativeSum,
  div,
  exp,
  matmul,
  max,
  mul,
  reshape,
  slice,
  stopGradient,
  sub,
  sum,
  tanh,
} from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, zerosInit } from "../init/index.js";
import { sizes } from "./settings.js";
import { type NodeSpecs, nodeSpecs, treeNode } from "./tree-node.js";

/** Settings of `orderedMemory`. */
export interface OrderedMemoryOptions {
  /** Features of x. */
  readonly input: number;
  /** Units of a node. */
  readonly hidden: number;
  /** How many left siblings can wait for a right one, N: how far trees may nest to the right; 8 by default. */
  readonly slots?: number;
  /** Units between the children of a node and its gates; twice `hidden` by default. */
  readonly inner?: number;
}

/** Parameters of `orderedMemory`: those of a node, and what finds where a leaf goes. */
export interface OrderedMemorySpecs extends NodeSpecs {
  readonly Wquery: ParamSpec;
  readonly Wkey: ParamSpec;
  readonly bquery: ParamSpec;
  readonly w: ParamSpec;
}

/** The state of `orderedMemory`. */
export type OrderedMemoryState = {
  readonly memory: Shape;
  readonly closed: Shape;
  readonly position: Shape;
  readonly begun: Shape;
};

/**
 * A net that reads a sequence and infers the tree over it: at every step it chooses which of the constituents read so far becomes the left
 * sibling of the new leaf. The choice is soft, a distribution over slots, so that all of it is learned from the loss at the end.
 *
 * Slot i of the memory M holds a left sibling that waits for what stands right of it; the slots below it are further to the right and further
 * down in the tree. closed(i) is what the tree up to slot i comes to if it ended here. At a leaf x~(t), with p(t) the probabilities of its slot:
 *
 *     x~(t)     = a node without children, in which U x(t) enters
 *     s_i       = w' tanh(W_query x~(t) + b_query + W_key closed_i(t-1)) / sqrt(hidden)
 *     p_i(t)    ~ exp(s_i) upTo_(i+1)(t-1),    upTo_i = sum over j <= i of p_j,  upTo_(N+1) = 1     at most one slot deeper than the last leaf
 *     M_i(t)    = from_i(t) closed_i(t-1) + (1 - from_i(t)) M_i(t-1),      from_i = sum over j >= i of p_j
 *     closed_i(t) = upTo_i(t) node(M_i(t), closed_(i-1)(t)) + (1 - upTo_i(t)) x~(t),      closed_0(t) = x~(t)
 *
 * A node is that of `gatedTree`. Where all p are 0 or 1, closed_N is `gatedTree` over the tree that was chosen, which `inferredTrees` gives;
 * a chain to the left alone is what it is with one slot. The first leaf has no left sibling: p(1) = 0.
 *
 * Input x [input]; output closed_N(t) [hidden], the root of the tree over what was read so far. State memory and closed [slots, hidden],
 * position [slots], which is p, and begun [], which is 0 before the first step. Parameters of a node as in `gatedTree`; Wquery and Wkey
 * [hidden, hidden], bquery [hidden], w [hidden, 1], Glorot-uniform and zero. A step costs as much as N nodes.
 *
 * The paper also leaves out units at random. There the first leaf goes to slot N, beside an empty sibling.
 *
 * @see Shen et al. (2019), "Ordered memory"; section 10.6 of the chapter, at its end
 * @example
 * const cell = orderedMemory({ input: 3, hidden: 4, slots: 2 });
 * const { output } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4]
 */
export function orderedMemory(
  options: OrderedMemoryOptions,
): Cell<{ x: Shape }, OrderedMemoryState, OrderedMemorySpecs, Value> {
  const settings = checkSettings<OrderedMemoryOptions>("orderedMemory", options, orderedMemoryKinds);
  return withSlots(settings, ({ closed }) => rowOf(closed, closed.shape[0]! - 1));
}

/** The cell with p(t) [slots] for an output. */
export function orderedMemoryPositions(
  options: OrderedMemoryOptions,
): Cell<{ x: Shape }, OrderedMemoryState, OrderedMemorySpecs, Value> {
  return withSlots(options, ({ position }) => position);
}

/** The settings of `orderedMemory`. */
export const orderedMemoryKinds = { ...sizes, slots: optional(size), inner: optional(size) };

function withSlots(
  { slots = 8, ...config }: OrderedMemoryOptions,
  outputOf: (state: ValuesOf<OrderedMemoryState>) => Value,
) {
  const numbers = Array.from({ length: slots }, (_, i) => i);
  return defineCell({
    name: "orderedMemory",
    inputs: ({ input }: Omit<OrderedMemoryOptions, "slots">): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): OrderedMemoryState => ({
      memory: [slots, hidden],
      closed: [slots, hidden],
      position: [slots],
      begun: [],
    }),
    params: ({ input, hidden, inner }): OrderedMemorySpecs => ({
      ...nodeSpecs(input, hidden, inner),
      Wquery: glorot(hidden, hidden),
      Wkey: glorot(hidden, hidden),
      bquery: zerosInit(hidden),
      w: glorot(hidden, 1),
    }),
    step({ x, memory, closed, position, begun }, params) {
      const leaf = treeNode(null, matmul(x, params.U), params);
      const query = add(matmul(leaf, params.Wquery), params.bquery);
      const scores = numbers.map((i) =>
        matmul(tanh(add(query, matmul(rowOf(closed, i), params.Wkey))), params.w),
      );
      const p = mul(attention(concat(scores), position, leaf.shape[0]!), begun);
      const upTo = cumulativeSum(p, 0);
      const from = add(sub(sum(p), upTo), p);
      const [kept, joined]: [Value[], Value[]] = [[], []];
      for (const i of numbers) {
        kept.push(mixed(entryOf(from, i), rowOf(closed, i), rowOf(memory, i)));
        const both = treeNode([kept[i]!, joined.at(-1) ?? leaf], null, params);
        joined.push(mixed(entryOf(upTo, i), both, leaf));
      }
      const shape = [slots, leaf.shape[0]!];
      const state = {
        memory: reshape(concat(kept), shape),
        closed: reshape(concat(joined), shape),
        position: p,
        begun: constant(1, [], x.dtype),
      };
      return { state, output: outputOf(state) };
    },
  })(config);
}

/** Softmax over the slots that are at most one below those of the last leaf. */
function attention(scores: Value, before: Value, hidden: number): Value {
  const scaled = mul(scores, 1 / Math.sqrt(hidden));
  const deeper = slice(cumulativeSum(before, 0), 0, 1, before.shape[0]!);
  const reachable = concat([deeper, constant(1, [1], before.dtype)]);
  const weights = mul(exp(sub(scaled, stopGradient(max(scaled)))), reachable);
  return div(weights, sum(weights));
}

/** share * a + (1 - share) * b */
function mixed(share: Value, a: Value, b: Value): Value {
  return add(mul(share, a), mul(sub(1, share), b));
}

function entryOf(vector: Value, i: number): Value {
  return slice(vector, 0, i, i + 1);
}

function rowOf(matrix: Value, i: number): Value {
  return reshape(slice(matrix, 0, i, i + 1), [matrix.shape[1]!]);
}
