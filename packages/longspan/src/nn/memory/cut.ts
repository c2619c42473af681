import { slice } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";

/** Cuts an axis, the last by default, into parts of these sizes. */
export function cut<const Sizes extends readonly number[]>(
  x: Value,
  sizes: Sizes,
  axis = -1,
): { -readonly [K in keyof Sizes]: Value } {
  let at = 0;
  return sizes.map((n) => {
    at += n;
    return slice(x, axis, at - n, at);
  }) as never;
}

/** Cuts the last axis into parts of these sizes, in their order, by name. */
export function cutByName<Name extends string>(
  x: Value,
  sizes: Readonly<Record<Name, number>>,
): Readonly<Record<Name, Value>> {
  const parts = cut(x, Object.values<number>(sizes));
  return Object.fromEntries(Object.keys(sizes).map((name, i) => [name, parts[i]!])) as Record<Name, Value>;
}
