import { type Captured, capture } from "../capture/index.js";

const known = new WeakMap<object, Captured<never, unknown>>();

/**
 * The step of a model, captured once for all that it is ever asked: what recordings hold of it has a bound, however many step models are
 * made of it.
 *
 * @param step depends on its arguments and the model alone
 */
export function capturedStep<A extends readonly unknown[], R>(
  model: object,
  step: (...args: A) => R,
): (...args: A) => R {
  const captured =
    (known.get(model) as Captured<A, R> | undefined) ??
    capture(step, { otherwise: "call", mostBytes: 64 * 2 ** 20 });
  known.set(model, captured as unknown as Captured<never, unknown>);
  return captured;
}
