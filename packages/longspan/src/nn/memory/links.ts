import { check } from "../../check/index.js";
import { add, equal, iota, matmul, mul, permute, reshape, sub, sum, where } from "../../ops/index.js";
import { formatShape, ShapeError, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

/**
 * How far each row was the last to be written to.
 *
 *     p' = (1 - sum over i of w(i)) p + w
 *
 * @param precedence p [N], which sums to 1 at most @param weights w, those of a write [N]
 * @returns [N]
 * @see Graves et al. (2016), Methods, "Temporal memory linkage"
 * @example nextPrecedence(tensor([1, 0]), tensor([0, 0.25])) // [0.75, 0.25]
 */
export function nextPrecedence(precedence: Value, weights: Value): Value {
  check("nextPrecedence", "precedence", precedence, valueKind);
  check("nextPrecedence", "weights", weights, valueKind);
  return add(mul(sub(1, sum(weights)), precedence), weights);
}

/**
 * The order in which rows were written to: L(i, j) says how far row i was written to right after row j.
 *
 *     L'(i, j) = (1 - w(i) - w(j)) L(i, j) + w(i) p(j),   L'(i, i) = 0
 *
 * Links lie between 0 and 1, and their rows and columns sum to 1 at most. What was written to before and after is forgotten of a row that
 * is written to again.
 *
 * @param links L [N, N] @param precedence p [N], before this write @param weights w, those of this write [N]
 * @returns [N, N]
 * @see Graves et al. (2016), Methods, "Temporal memory linkage"
 * @example nextLinks(zeros([2, 2]), tensor([1, 0]), tensor([0, 1])) // [[0, 0], [1, 0]]: row 1 after row 0
 */
export function nextLinks(links: Value, precedence: Value, weights: Value): Value {
  checkLinks("nextLinks", links, { precedence, weights });
  const n = links.shape[0]!;
  const kept = sub(sub(1, reshape(weights, [n, 1])), weights);
  const linked = add(mul(kept, links), mul(reshape(weights, [n, 1]), precedence));
  return where(equal(iota([n, 1], 0), iota([1, n], 1)), 0, linked);
}

/**
 * Where heads come to when they follow the links, forward to what was written next, and backward to what was written before.
 *
 *     f_r = L w_r,   b_r = L^T w_r
 *
 * @param weights w, where the heads were [R, N] @param links L [N, N]
 * @returns `forward` and `backward`, [R, N] each
 * @see Graves et al. (2016), Methods, "Temporal memory linkage"
 * @example
 * const links = tensor([[0, 0], [1, 0]]);
 * followLinks(tensor([[1, 0]]), links).forward // [[0, 1]]
 * followLinks(tensor([[0, 1]]), links).backward // [[1, 0]]
 */
export function followLinks(
  weights: Value,
  links: Value,
): { readonly forward: Value; readonly backward: Value } {
  checkLinks("followLinks", links, { weights });
  return { forward: matmul(weights, permute(links)), backward: matmul(weights, links) };
}

function checkLinks(what: string, links: Value, vectors: Readonly<Record<string, Value>>): void {
  check(what, "links", links, valueKind);
  const [n] = links.shape;
  if (links.rank !== 2 || links.shape[1] !== n)
    throw new ShapeError(`${what}: links are ${formatShape(links.shape)}, expected [rows, rows]`);
  for (const [name, v] of Object.entries(vectors)) {
    check(what, name, v, valueKind);
    if (v.shape.at(-1) !== n)
      throw new ShapeError(`${what}: ${name} is ${formatShape(v.shape)}, expected ${n} rows as in links`);
  }
}
