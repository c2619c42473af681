import { check, numbers } from "../check/index.js";

/**
 * Weights of examples with which all classes count the same, however many examples they have; their mean is 1.
 *
 *     w(i) = n / (classes x examples of the class of i)
 *
 * @param classes the class of each example, a number from 0
 * @throws RangeError if there are no examples
 * @example balancedWeights([0, 0, 0, 1]) // [2/3, 2/3, 2/3, 2]
 */
export function balancedWeights(classes: ArrayLike<number>): Float64Array {
  check("balancedWeights", "classes", classes, numbers);
  if (classes.length === 0) throw new RangeError("balancedWeights: classes holds no example");
  const counts = new Map<number, number>();
  for (let i = 0; i < classes.length; i++) counts.set(classes[i]!, (counts.get(classes[i]!) ?? 0) + 1);
  return Float64Array.from(
    { length: classes.length },
    (_, i) => classes.length / (counts.size * counts.get(classes[i]!)!),
  );
}

/**
 * Weights of examples, scaled so that their mean is 1: a loss keeps its size, whatever the unit of the weights.
 *
 * @throws RangeError if a weight is not a finite number of at least 0, naming it, or all are 0
 * @example normalisedWeights([1, 3]) // [0.5, 1.5]
 */
export function normalisedWeights(weights: ArrayLike<number>): Float64Array {
  check("normalisedWeights", "weights", weights, numbers);
  const all = Float64Array.from(weights as ArrayLike<number>);
  for (const [i, weight] of all.entries())
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw new RangeError(
        `normalisedWeights: weights[${i}] is ${weight}, expected a finite number of at least 0`,
      );
  const total = all.reduce((a, b) => a + b, 0);
  if (!(total > 0))
    throw new RangeError(
      "normalisedWeights: all weights are 0, so that there is nothing to learn from; make one of them greater",
    );
  return all.map((weight) => (weight * all.length) / total);
}
