import { defineCell, type ParamSpec } from "../../cell/index.js";
import { finitePositive, optional, rate, share } from "../../check/index.js";
import {
  add,
  clamp,
  concat,
  cos,
  exp,
  expm1,
  log,
  matmul,
  mul,
  neg,
  sin,
  sqrt,
  sub,
  uniform,
} from "../../ops/index.js";
import { type Key, type Shape, scope } from "../../tensor/index.js";
import { glorot, normalInit } from "../init/index.js";
import { specOf } from "../init/spec.js";
import { gates } from "./gates.js";
import type { GruConfig } from "./gru.js";
import { sizes } from "./settings.js";

/** Settings of `linearRecurrentUnit`. */
export interface LinearRecurrentUnitConfig extends GruConfig {
  /** Least |lambda| at the start, in [0, 1); 0 by default. */
  readonly smallest?: number;
  /** Largest |lambda| at the start, in (0, 1]; 1 by default. */
  readonly largest?: number;
  /** Largest angle of lambda at the start, in radians; 2 pi by default. */
  readonly widest?: number;
}

/**
 * The linear recurrent unit: each unit keeps a complex number and turns and shrinks it by a learned factor at every step. The next state is
 * linear in the old one, so that training runs in parallel over time.
 *
 *     lambda = exp(-exp(nu) + i exp(theta))                       |lambda| < 1 for all values of the parameters
 *     s(t) = lambda s(t-1) + sqrt(1 - |lambda|^2) B x(t)          a complex number per unit, element by element
 *     y(t) = Re(C s(t)) + D x(t)
 *
 * In pairs of reals: re(t) = a re(t-1) - b im(t-1) + ..., im(t) = b re(t-1) + a im(t-1) + ..., with a + i b = lambda. |lambda| near 1
 * remembers for 1 / (1 - |lambda|) steps; the square root keeps the size of s the same for all of them.
 *
 * Two deviations: the square root follows lambda, where the paper learns it from that start on; D is a matrix, since y need not be as wide
 * as x. There is no activation in the recurrence: put layers that are not linear between several of these (`mingru` has its gates).
 *
 * Input x [input]; state re, im [hidden]; output y(t) [hidden]. Parameters nu, theta [hidden]; B [input, 2 hidden] in the order re, im;
 * C [2 hidden, hidden], whose lower half has the sign of -im; D [input, hidden]. lambda starts uniform on the ring between |lambda| =
 * `smallest` and `largest`, up to the angle `widest`; B and C normal, with standard deviations 1 / sqrt(2 input) and 1 / sqrt(hidden); D
 * Glorot-uniform.
 *
 * @throws RangeError if `smallest` is not below `largest`
 * @see Orvieto et al. (2023), "Resurrecting recurrent neural networks for long sequences", sections 3.3 and 3.4, lemma 3.2
 * @example
 * const cell = linearRecurrentUnit({ input: 3, hidden: 4, smallest: 0.9, largest: 0.999 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.re [2, 4], final.im [2, 4]
 */
export const linearRecurrentUnit = defineCell({
  name: "linearRecurrentUnit",
  settings: {
    ...sizes,
    smallest: optional(rate),
    largest: optional(share),
    widest: optional(finitePositive),
  },
  inputs: ({ input }: LinearRecurrentUnitConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { re: Shape; im: Shape } => ({ re: [hidden], im: [hidden] }),
  params: ({ input, hidden, smallest = 0, largest = 1, widest = 2 * Math.PI }) => ({
    nu: ring(hidden, smallest, largest),
    theta: angles(hidden, widest),
    B: normalInit(1 / Math.sqrt(2 * input), input, 2 * hidden),
    C: normalInit(1 / Math.sqrt(hidden), 2 * hidden, hidden),
    D: glorot(input, hidden),
  }),
  step({ x, re, im }, { nu, theta, B, C, D }) {
    const [rate, angle] = [exp(nu), exp(theta)];
    const length = exp(neg(rate));
    const [a, b] = [mul(length, cos(angle)), mul(length, sin(angle))];
    const size = sqrt(neg(expm1(mul(rate, -2))));
    const [putRe, putIm] = gates(matmul(x, B), 2);
    const nextRe = add(sub(mul(a, re), mul(b, im)), mul(size, putRe));
    const nextIm = add(add(mul(b, re), mul(a, im)), mul(size, putIm));
    const output = add(matmul(concat([nextRe, nextIm]), C), matmul(x, D));
    return { state: { re: nextRe, im: nextIm }, output };
  },
});

/** Nothing is drawn so near to an end of its range that a logarithm of it is infinite. */
const margin = 1e-6;

/** nu for |lambda|^2 uniform between two squares: lambda is uniform on the ring. */
function ring(hidden: number, smallest: number, largest: number): ParamSpec {
  if (smallest >= largest)
    throw new RangeError(
      `linearRecurrentUnit: smallest ${smallest} is not below largest ${largest}; lambda starts on the ring between them`,
    );
  return specOf("linearRecurrentUnit", [hidden], (key: Key, shape, dtype) =>
    scope(() => {
      const low = smallest ** 2;
      const square = add(mul(uniform(key, shape, dtype), largest ** 2 - low), low);
      return log(mul(log(clamp(square, margin, 1 - margin)), -0.5));
    }),
  );
}

/** theta for an angle uniform from 0 to the widest. */
function angles(hidden: number, widest: number): ParamSpec {
  return specOf("linearRecurrentUnit", [hidden], (key: Key, shape, dtype) =>
    scope(() => log(mul(clamp(uniform(key, shape, dtype), margin, 1), widest))),
  );
}
