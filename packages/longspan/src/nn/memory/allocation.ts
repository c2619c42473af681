import { check } from "../../check/index.js";
import { concat, cumulativeProduct, indexSum, mul, slice, sort, sub } from "../../ops/index.js";
import { formatShape, ShapeError, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

/**
 * Where to write something new: the rows from the least used on, each as far as those before it leave something.
 *
 *     a(phi_j) = (1 - u(phi_j)) * product over i < j of u(phi_i),   phi the rows in order of usage, the first of equals first
 *
 * Weights sum to 1 but for the product of all usages: to nothing when all rows are full. Derivatives, of any order, are those of the
 * product for the order that the rows are in, also where usages are 0 or 1; how the order itself changes has none. Among equal usages the
 * weights jump as one overtakes the other.
 *
 * @param usage u [N], from 0 to 1
 * @returns [N]
 * @see Graves et al. (2016), "Hybrid computing using a neural network with dynamic external memory", Methods, "Dynamic memory allocation"
 * @example allocationWeights(tensor([1, 0.5, 0.25])) // [0, 0.125, 0.75]
 */
export function allocationWeights(usage: Value): Value {
  check("allocationWeights", "usage", usage, valueKind);
  const [rows] = usage.shape;
  if (usage.rank !== 1)
    throw new ShapeError(`allocationWeights: usage is ${formatShape(usage.shape)}, expected [rows]`);
  if (rows === 1) return sub(1, usage);
  const { values, indices } = sort(usage);
  const used = cumulativeProduct(slice(values, 0, 0, rows! - 1));
  const fresh = sub(1, values);
  const inOrder = concat([slice(fresh, 0, 0, 1), mul(slice(fresh, 0, 1, rows!), used)]);
  return indexSum(inOrder, indices, rows!);
}
