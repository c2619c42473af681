import { check } from "../../check/index.js";
import { mul, reshape, slice, sub } from "../../ops/index.js";
import { formatShape, ShapeError, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

/**
 * How much of each row heads leave in use after they have read it: a free gate says of a head whether what it read is done with.
 *
 *     psi(i) = product over heads r of (1 - f_r w_r(i))
 *
 * @param free f [R], from 0 to 1 @param weights those with which the heads have read, [R, N]
 * @returns [N], from 0 to 1
 * @see Graves et al. (2016), "Hybrid computing using a neural network with dynamic external memory", Methods, "Dynamic memory allocation"
 * @example retainedUsage(tensor([1, 0.5]), tensor([[1, 0], [0, 1]])) // [0, 0.5]
 */
export function retainedUsage(free: Value, weights: Value): Value {
  check("retainedUsage", "free", free, valueKind);
  check("retainedUsage", "weights", weights, valueKind);
  const [heads] = free.shape;
  if (free.rank !== 1 || weights.rank !== 2 || weights.shape[0] !== heads)
    throw new ShapeError(
      `retainedUsage: free is ${formatShape(free.shape)} and weights are ${formatShape(weights.shape)}, expected [heads] and [heads, rows]`,
    );
  return leftBy(mul(weights, reshape(free, [free.size, 1])));
}

/**
 * How much each row of a memory is in use: what was written to is, and what is read and freed is not.
 *
 *     u' = (u + w - u w) psi = (1 - (1 - u)(1 - w)) psi
 *
 * With several heads that write, (1 - w) is their product.
 *
 * @param usage u [N], from 0 to 1 @param writeWeights w, those of the last write [H, N] @param retained psi [N], as `retainedUsage` gives it
 * @returns [N], from 0 to 1
 * @see Graves et al. (2016), Methods, "Dynamic memory allocation"
 * @example nextUsage(tensor([0.5, 0, 1]), tensor([[0.5, 1, 0]]), tensor([1, 1, 0.25])) // [0.75, 1, 0.25]
 */
export function nextUsage(usage: Value, writeWeights: Value, retained: Value): Value {
  check("nextUsage", "usage", usage, valueKind);
  check("nextUsage", "writeWeights", writeWeights, valueKind);
  check("nextUsage", "retained", retained, valueKind);
  if (writeWeights.rank !== 2)
    throw new ShapeError(
      `nextUsage: writeWeights are ${formatShape(writeWeights.shape)}, expected [heads, rows]`,
    );
  return mul(sub(1, mul(sub(1, usage), leftBy(writeWeights))), retained);
}

/** The product over heads of 1 - w: [H, N] to [N]. */
function leftBy(weights: Value): Value {
  const [heads, rows] = weights.shape as readonly [number, number];
  const left = sub(1, weights);
  const of = (h: number) => reshape(slice(left, 0, h, h + 1), [rows]);
  let product = of(0);
  for (let h = 1; h < heads; h++) product = mul(product, of(h));
  return product;
}
