import { add, div, mul, neg, sub } from "./arithmetic.js";
import { literal, onesLike } from "./constant.js";
import { type Primitive, type Unary, unary } from "./elementwise.js";

// Every function of one number that is an op: the rule of its derivative beside what users read. Ranges keep the tests of
// derivatives clear of kinks and poles.

/**
 * e^x
 * @example exp(tensor([0, 1])) // [1, 2.718]
 */
export const exp: Unary & Primitive = unary("exp", (t, _, y) => mul(t, y));

/**
 * e^x - 1, exact near 0
 * @example expm1(tensor([1e-10])) // [1e-10], where exp(x) - 1 gives 0
 */
export const expm1: Unary & Primitive = unary("expm1", (t, _, y) => mul(t, add(y, onesLike(y))));

/**
 * ln x
 * @example log(tensor([1, 0, -1])) // [0, -Infinity, NaN]
 */
export const log: Unary & Primitive = unary("log", (t, x) => div(t, x), { range: [0.3, 2] });

/**
 * ln(1 + x), exact near 0
 * @example log1p(tensor([1e-10])) // [1e-10], where log(1 + x) gives 0
 */
export const log1p: Unary & Primitive = unary("log1p", (t, x) => div(t, add(x, onesLike(x))), {
  range: [-0.5, 2],
});

/**
 * tanh x
 * @example tanh(tensor([0, 1])) // [0, 0.762]
 */
export const tanh: Unary & Primitive = unary("tanh", (t, _, y) => mul(t, sub(onesLike(y), mul(y, y))));

/**
 * 1 / (1 + e^-x)
 * @example sigmoid(tensor([-1000, 0, 1000])) // [0, 0.5, 1]
 */
export const sigmoid: Unary & Primitive = unary("sigmoid", (t, _, y) => mul(t, mul(y, sub(onesLike(y), y))));

/**
 * The square root of x. Its slope at 0 is infinite: for the length of a vector that may be 0, use `norm`.
 * @example sqrt(tensor([4, -1])) // [2, NaN]
 */
export const sqrt: Unary & Primitive = unary("sqrt", (t, _, y) => div(t, mul(literal(2, y.dtype), y)), {
  range: [0.3, 2],
});

/**
 * sin x
 * @example sin(tensor([0, Math.PI / 2])) // [0, 1]
 */
export const sin: Unary & Primitive = unary("sin", (t, x) => mul(t, cos(x)));

/**
 * cos x
 * @example cos(tensor([0, Math.PI])) // [1, -1]
 */
export const cos: Unary & Primitive = unary("cos", (t, x) => mul(t, neg(sin(x))));

/**
 * The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x; its derivative is 2 / sqrt(pi) e^(-x^2).
 * @example erf(tensor([0, 0.5, 10])) // [0, 0.52, 1]
 */
export const erf: Unary & Primitive = unary("erf", (t, x) =>
  mul(t, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x, x))))),
);

/**
 * |x|; the derivative at 0 is 0.
 * @example abs(tensor([-2, 3])) // [2, 3]
 */
export const abs: Unary & Primitive = unary("abs", (t, x) => mul(t, sign(x)), {
  range: [0.3, 2],
});

/**
 * -1, 0 or 1.
 * @example sign(tensor([-2, 0, 3])) // [-1, 0, 1]
 */
export const sign: Unary & Primitive = unary("sign", () => undefined, { range: [0.3, 2] });
