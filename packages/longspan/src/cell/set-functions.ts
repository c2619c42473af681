import { Var } from "../autodiff/index.js";
import { check } from "../check/index.js";
import {
  add,
  apply,
  argmaxToOp,
  constant,
  div,
  exp,
  less,
  log,
  maximum,
  maxToOp,
  pickToOp,
  type Scope,
  setSpaces,
  stopGradient,
  sub,
  sumToOp,
  where,
} from "../ops/index.js";
import { ambient, type Value } from "../tensor/index.js";
import { valueKind } from "../tensor/kinds.js";
import { CellError } from "./verify.js";

/** What the functions over sets ask of the cell that is being traced. */
export interface SetContext {
  readonly cell: string;
  /** The position of each member in its set, by the scope of the members: int32 []. */
  readonly positions: (members: Scope) => Value;
  /** The number 1 of each member, by the scope of the members. */
  readonly ones: (members: Scope) => Value;
}

/** The cell that is being traced, for functions over sets. */
export const setContext = ambient<SetContext | null>(null);

/** Where the members that a value differs by are, and what is left of it without them. */
interface Members {
  /** The scope of the members, and that of whom a set belongs to. */
  readonly members: Scope;
  readonly owner: Scope;
  readonly from: Scope;
  readonly to: Scope;
  readonly context: SetContext;
}

/** What a value differs by. @throws CellError outside of cells, and for a value that is the same for all members */
function membersOf(name: string, x: Value): Members {
  check(name, "x", x, valueKind);
  const context = setContext.present;
  const scope = x instanceof Var ? x.scope : undefined;
  if (context === null || scope === undefined)
    throw new CellError(
      `${name}: there are sets inside the step of a cell only; a cell declares them under "sets"`,
    );
  // The edges that lead to a node are a set of the node's own.
  if (scope === "edge") return { members: "edge", owner: "node", from: "edge", to: "node", context };
  const set = setSpaces.find(({ member, pair }) => scope === member || scope === pair);
  if (set === undefined)
    throw new CellError(
      `cell ${context.cell}: ${name} of a value that is the same for all members of a set: give it a value that is made of an input of a set`,
    );
  const { member } = set;
  return {
    members: member,
    owner: "sequence",
    from: scope,
    to: scope === member ? "sequence" : "node",
    context,
  };
}

function reduced(name: string, op: typeof sumToOp, x: Value): Value {
  const { from, to } = membersOf(name, x);
  return apply(op, { from, to }, x);
}

/**
 * Sum over the members of a set: y = sum over m of x_m. What differs per node and member becomes a value per node; what differs per member
 * alone becomes a value per sequence, and is formed once, before the loop. Zeros for an empty set.
 *
 * The edges that lead to a node are a set of the node: `setSum` and its like reduce what differs per edge.
 *
 * A weighted sum, `setSum(mul(w, v))` with weights per pair [] and values per member [n], forms no value of n numbers per pair.
 *
 * @param x a value that differs per member, any shape
 * @returns the same shape
 * @throws CellError outside of cells, and for a value that is the same for all members
 * @example
 * const summing = defineCell({
 *   name: "summing",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ q, source }) => ({ state: {}, output: setSum(mul(dot(q, source.k), source.k)) }),
 * })(undefined);
 */
export function setSum(x: Value): Value {
  return reduced("setSum", sumToOp, x);
}

/**
 * Mean over the members of a set: zeros for an empty one.
 * @param x a value that differs per member, any shape
 * @example
 * const means = defineCell({
 *   name: "means",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ source }) => ({ state: {}, output: setMean(source.k) }),
 * })(undefined);
 */
export function setMean(x: Value): Value {
  const { from, to } = membersOf("setMean", x);
  const count = setCount(x);
  return div(apply(sumToOp, { from, to }, x), maximum(count, 1));
}

/**
 * The largest over the members of a set, element by element: -infinity for an empty one. Equal maxima share the derivative equally.
 * @param x a value that differs per member, any shape
 * @example
 * const best = defineCell({
 *   name: "best",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ q, source }) => ({ state: {}, output: setMax(dot(q, source.k)) }),
 * })(undefined);
 */
export function setMax(x: Value): Value {
  return reduced("setMax", maxToOp, x);
}

/**
 * Where in its set the first of the largest members stands: int32, 0 for the first member; -1 for an empty set.
 * @param x a value that differs per member, any shape
 * @example
 * const choice = defineCell({
 *   name: "choice",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ q, source }) => ({ state: {}, output: setArgmax(dot(q, source.k)) }),
 * })(undefined);
 */
export function setArgmax(x: Value): Value {
  return reduced("setArgmax", argmaxToOp, x);
}

/**
 * The number of members of the set that a value belongs to: a float [], one per sequence; of the edges that lead to a node, one per node.
 * @param x a value that differs per member
 * @example
 * const counts = defineCell({
 *   name: "counts",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ source }) => ({ state: {}, output: setCount(source.k) }),
 * })(undefined);
 */
export function setCount(x: Value): Value {
  const { members, owner, context } = membersOf("setCount", x);
  return apply(sumToOp, { from: members, to: owner }, context.ones(members));
}

/**
 * The position of each member in its set: 0 for the first, int32 [], one per member.
 * @param x a value that differs per member
 * @example
 * const places = defineCell({
 *   name: "places",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ source }) => ({ state: {}, output: setPlaces(source.k) }),
 * })(undefined);
 */
export function setPlaces(x: Value): Value {
  const { members, context } = membersOf("setPlaces", x);
  return context.positions(members);
}

/**
 * The value at one member of a set, by its place: y = x_index. What differs per node and member, or per member alone, becomes a value per
 * node. The derivative goes to that member.
 *
 * @param x a value that differs per member, any shape
 * @param index int32 []: 0 for the first member
 * @throws IndexError, when the cell runs, for a place that the set does not have: any place of an empty one
 * @example
 * const pointing = defineCell({
 *   name: "pointing",
 *   inputs: () => ({ q: [2], target: { shape: [], dtype: "int32" as const } }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ q, target, source }) => ({ state: {}, output: setAt(setLogSoftmax(dot(q, source.k)), target) }),
 * })(undefined);
 */
export function setAt(x: Value, index: Value): Value {
  const { members, owner, from, context } = membersOf("setAt", x);
  const isShared = from === members && owner === "sequence" && isPerSequence(index);
  return apply(pickToOp, { from, to: isShared ? "sequence" : "node" }, x, index, context.positions(members));
}

function isPerSequence(v: Value): boolean {
  return v instanceof Var && (v.scope === "sequence" || v.scope === "one");
}

/**
 * log(sum over m of e^x_m), stable for any x: -infinity for an empty set.
 * @param x a value that differs per member, any shape
 * @example
 * const total = defineCell({
 *   name: "total",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ q, source }) => ({ state: {}, output: setLogSumExp(dot(q, source.k)) }),
 * })(undefined);
 */
export function setLogSumExp(x: Value): Value {
  const top = stopGradient(reduced("setLogSumExp", maxToOp, x));
  const total = setSum(exp(sub(x, top)));
  // An empty set has no terms: its top is -infinity, and nothing is added to it.
  const some = where(less(0, total), total, constant(1, total.shape, total.dtype));
  return add(log(some), top);
}

/**
 * Softmax over the members of a set: w_m = e^x_m / sum over n of e^x_n, stable for any x. An empty set has no weights.
 * @param x a value that differs per member, any shape
 * @returns the same shape, per member as x
 * @example
 * const attention = defineCell({
 *   name: "attention",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ q, source }) => ({ state: {}, output: setSum(mul(setSoftmax(dot(q, source.k)), source.k)) }),
 * })(undefined);
 */
export function setSoftmax(x: Value): Value {
  const top = stopGradient(reduced("setSoftmax", maxToOp, x));
  const e = exp(sub(x, top));
  return div(e, setSum(e));
}

/**
 * The logarithm of the softmax over the members of a set, without cancellation.
 * @param x a value that differs per member, any shape
 * @returns the same shape, per member as x
 * @example
 * const logWeights = defineCell({
 *   name: "logWeights",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step: ({ q, source }) => ({ state: {}, output: setLogSoftmax(dot(q, source.k)) }),
 * })(undefined);
 */
export function setLogSoftmax(x: Value): Value {
  return sub(x, setLogSumExp(x));
}
