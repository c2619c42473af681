import type { ParamSpec } from "../../cell/index.js";
import { check, finitePositive, isRecord, kind, listOf, type RequiredKind, size } from "../../check/index.js";
import { add, cast, div, exp, expm1, log, mul, neg, sigmoid, softplus, uniform } from "../../ops/index.js";
import { fromArray, ShapeError, scope, type Tensor, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { specOf } from "../init/spec.js";

/**
 * Time constants of leaky units, in steps, each positive: one for all units; a list with one for each unit, or for each of some groups of
 * equal size that lie side by side; or drawn at first, the logarithm uniform between two ends.
 */
export type LeakTimeConstants = number | readonly number[] | { readonly from: number; readonly to: number };

/**
 * How the leaks of leaky units start, from their time constants: a = -ln(e^(1/T) - 1), so that
 *
 *     alpha = sigmoid(a) = e^(-1/T)
 *
 * A unit keeps alpha of its state at a step, so of what it holds 1/e is left after T steps. a is close to ln(T - 1/2): the sigmoid makes it
 * the logarithm of the time constant, in which a step of gradient descent changes short and long ones by the same share.
 *
 * @param units how many units; a list of time constants has as many entries, or fewer that divide it
 * @throws RangeError for a time constant that is not positive, or ends in the wrong order; ShapeError for a list of no such length
 * @example
 * timeConstantInit(4, [1, 8]).initialise(Key.of(1), [4], "float32"); // two units of 1 step, two of 8
 * timeConstantInit(4, { from: 1, to: 100 }).shape; // [ 4 ]
 */
export function timeConstantInit(units: number, timeConstants: LeakTimeConstants): ParamSpec {
  check("timeConstantInit", "units", units, size);
  check("timeConstantInit", "timeConstants", timeConstants, timeConstantsKind);
  return leakSpec("timeConstantInit", [units], timeConstants);
}

/**
 * The time constants of leaky units in steps, from what is learned in their place: T = -1 / ln sigmoid(a).
 *
 * @param a any shape, as `timeConstantInit` makes it: the parameter `a` of `leakyRnn`
 * @example
 * const { a } = leakyRnn({ input: 3, hidden: 2, timeConstants: [1, 8] }).init(Key.of(1));
 * timeConstantsOf(a) // [1, 8]
 */
export function timeConstantsOf(a: Value): Value {
  check("timeConstantsOf", "a", a, valueKind);
  return div(1, softplus(neg(a)));
}

const ends = "a record { from, to } of positive numbers, from not above to";
const listed = listOf(finitePositive, "a list of time constants");
const numbers: RequiredKind = {
  ...listed,
  accepts: (value) => listed.accepts(value) && (value as readonly unknown[]).length > 0,
};

/** What time constants may be. */
export const timeConstantsKind: RequiredKind = {
  ...kind(
    "a positive number of steps, a list of them, or a record { from, to }",
    (value) => finitePositive.accepts(value) || numbers.accepts(value) || isRange(value),
  ),
  refusal(subject, value) {
    if (typeof value === "number") return finitePositive.refusal(subject, value);
    if (Array.isArray(value)) return numbers.refusal(subject, value);
    const words = isRecord(value) ? ends : timeConstantsKind.words;
    return kind(words, () => false).refusal(subject, value);
  },
};

function isRange(value: unknown): boolean {
  if (!isRecord(value) || Object.keys(value).length !== 2) return false;
  const { from, to } = value;
  return finitePositive.accepts(from) && finitePositive.accepts(to) && (from as number) <= (to as number);
}

/**
 * The leaks of one slot of a state: a value for each unit of its last axis, or one for a slot without axes.
 * @param what who asks @param of whose units they are, for messages
 */
export function leakSpec(
  what: string,
  shape: readonly number[],
  timeConstants: LeakTimeConstants,
  of = "",
): ParamSpec {
  const units = shape[0] ?? 1;
  if (typeof timeConstants === "number" || Array.isArray(timeConstants)) {
    const all = typeof timeConstants === "number" ? [timeConstants] : (timeConstants as readonly number[]);
    if (units % all.length !== 0)
      throw new ShapeError(
        `${what}: timeConstants has ${all.length} entries for ${units} units${of}; it has one for each unit, or for each of some groups of equal size`,
      );
    const perGroup = units / all.length;
    const a = Array.from(
      { length: units },
      (_, i) => -Math.log(Math.expm1(1 / all[Math.floor(i / perGroup)]!)),
    );
    return specOf(what, shape, (_, s, dtype) => fromArray(a, s, dtype));
  }
  const { from, to } = timeConstants as { readonly from: number; readonly to: number };
  return specOf(what, shape, (key, s, dtype) =>
    scope(() => {
      const drawn = mul(uniform(key, s, "float64"), Math.log(to) - Math.log(from));
      const rate = exp(neg(add(drawn, Math.log(from))));
      return cast(neg(log(expm1(rate))), dtype) as Tensor;
    }),
  );
}

/** alpha old + (1 - alpha) new, alpha = sigmoid(a): what a leaky unit makes of its old state and a new value. */
export function leaked(old: Value, value: Value, a: Value): Value {
  return add(mul(sigmoid(a), old), mul(sigmoid(neg(a)), value));
}
