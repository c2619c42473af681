/**
 * The x with so much area left of it under the standard normal density, by rational functions (P. J. Acklam 2003): relative error below
 * 1.2e-9.
 */
export function normalQuantile(level: number): number {
  if (level <= 0 || level >= 1) return level === 0 ? -Infinity : level === 1 ? Infinity : Number.NaN;
  if (level > 0.5) return -normalQuantile(1 - level);
  if (level >= 0.02425) {
    const q = level - 0.5;
    const r = q * q;
    return (q * polynomial(inner, r)) / (polynomial(innerBelow, r) * r + 1);
  }
  const q = Math.sqrt(-2 * Math.log(level));
  return polynomial(tail, q) / (polynomial(tailBelow, q) * q + 1);
}

/** The highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

const inner = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
];
const innerBelow = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
];
const tail = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const tailBelow = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];

/** The area left of x under the standard normal density, from erfc by a Chebyshev fit (Numerical Recipes, erfcc): relative error below 1.2e-7. */
export function normalArea(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const outside = (t * Math.exp(-z * z + polynomial(fit, t))) / 2;
  return x < 0 ? outside : 1 - outside;
}

const fit = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
  1.00002368, -1.26551223,
];
