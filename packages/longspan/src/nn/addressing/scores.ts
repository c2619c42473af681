import { check } from "../../check/index.js";
import { add, div, dot, matmul, mul, sum, tanh } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { treeKind, valueKind } from "../../tensor/kinds.js";
import { lengthOf } from "./length-of.js";

// What a query thinks of each key. All reduce the last axis, so that keys may be values per member of a set, [n], with scores [] per
// pair, or rows of a matrix, [N, n], with scores [N].

/**
 * The inner product of a query and each key.
 *
 *     score_m = q . k_m
 *
 * @param query [n] @param keys per member [n], or rows [N, n]
 * @returns a score per member: [], or [N]
 * @example dotScores(tensor([1, 2]), tensor([[1, 0], [3, 4]])) // [1, 11]
 */
export function dotScores(query: Value, keys: Value): Value {
  checkBoth("dotScores", query, keys);
  return dot(query, keys);
}

/**
 * The inner product by the square root of the number of features, so that scores keep their size as keys grow wider.
 *
 *     score_m = q . k_m / sqrt(n)
 *
 * @param query [n] @param keys per member [n], or rows [N, n]
 * @returns a score per member: [], or [N]
 * @see Vaswani et al. (2017), "Attention is all you need", equation 1
 * @example scaledDotScores(tensor([1, 2, 0, 0]), tensor([[1, 0, 0, 0], [3, 4, 0, 0]])) // [0.5, 5.5]
 */
export function scaledDotScores(query: Value, keys: Value): Value {
  checkBoth("scaledDotScores", query, keys);
  return dot(mul(query, 1 / Math.sqrt(query.shape.at(-1) ?? 1)), keys);
}

/**
 * The inner product of a query and each key by way of a matrix, for queries and keys of different widths. The product is formed with the
 * keys: over a set, that is done once, before the loop.
 *
 *     score_m = q . (k_m W)
 *
 * @param query [q] @param keys per member [n], or rows [N, n] @param params W [n, q]
 * @returns a score per member: [], or [N]
 * @see Luong, Pham, Manning (2015), equation 8, "general"
 * @example multiplicativeScores(tensor([2]), tensor([[1, 0], [3, 4]]), { W: tensor([[1], [10]]) }) // [2, 86]
 */
export function multiplicativeScores(query: Value, keys: Value, params: { readonly W: Value }): Value {
  checkBoth("multiplicativeScores", query, keys);
  checkParams("multiplicativeScores", params, "W");
  return dot(query, matmul(keys, params.W));
}

/**
 * A small net with one hidden layer looks at the query and a key together. Its half that reads the keys does not depend on the query: over
 * a set, it is formed once, before the loop.
 *
 *     score_m = v . tanh(q W + k_m U)
 *
 * @param query [q] @param keys per member [n], or rows [N, n] @param params W [q, a], U [n, a], v [a]
 * @returns a score per member: [], or [N]
 * @see Bahdanau, Cho, Bengio (2015), "Neural machine translation by jointly learning to align and translate", appendix A.1.2
 * @example
 * const params = { W: tensor([[1]]), U: tensor([[1]]), v: tensor([2]) };
 * additiveScores(tensor([1]), tensor([[-1], [0]]), params) // [0, 2 tanh(1)]
 */
export function additiveScores(
  query: Value,
  keys: Value,
  params: { readonly W: Value; readonly U: Value; readonly v: Value },
): Value {
  checkBoth("additiveScores", query, keys);
  checkParams("additiveScores", params, "W", "U", "v");
  return sum(mul(tanh(add(matmul(query, params.W), matmul(keys, params.U))), params.v), -1);
}

/**
 * The cosine of the angle between a query and each key, times a key strength: how sharply the best key stands out once a softmax is taken.
 *
 *     score_m = strength  q . k_m / (|q| |k_m|)
 *
 * A key or query of zeros has no direction: its score is 0, and nothing is divided by 0, in derivatives either.
 *
 * @param query [n] @param keys per member [n], or rows [N, n] @param strength a number [], at least 0
 * @returns a score per member: [], or [N]
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", equations 5 and 6
 * @example cosineScores(tensor([3, 4]), tensor([[6, 8], [0, 0], [-4, 3]]), tensor(2)) // [2, 0, 0]
 */
export function cosineScores(query: Value, keys: Value, strength: Value): Value {
  checkBoth("cosineScores", query, keys);
  check("cosineScores", "strength", strength, valueKind);
  return mul(div(dot(query, keys), mul(lengthOf(query), lengthOf(keys))), strength);
}

function checkBoth(what: string, query: unknown, keys: unknown): void {
  check(what, "query", query, valueKind);
  check(what, "keys", keys, valueKind);
}

function checkParams(what: string, params: unknown, ...names: readonly string[]): void {
  check(what, "params", params, treeKind);
  for (const name of names)
    check(what, `params.${name}`, (params as Readonly<Record<string, unknown>>)[name], valueKind);
}
