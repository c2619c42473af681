import { keep, scope, type Tensor, type Value } from "../tensor/index.js";
import { keeper } from "../unfold/formed-once.js";

/**
 * What steps form of parameters and sources alone, such as the keys of attention: for each unfold of a step, in their order; null where
 * nothing is kept.
 */
export type FormedPerSource = readonly (readonly Value[] | null)[];

/** Runs a step, and keeps what it forms of the constants alone. @param constants what stays as it is from step to step */
export function forming<T>(
  constants: ReadonlySet<Value>,
  step: () => T,
): { readonly formed: FormedPerSource; readonly result: T } {
  const formed: (readonly Value[] | null)[] = [];
  const result = keeper.within(
    (_cell, operands, _own, compute) => {
      const values = operands.every((v) => constants.has(v)) ? compute().map((v) => keep(v as Tensor)) : null;
      formed.push(values);
      return values;
    },
    () => scope(step),
  );
  return { formed, result };
}

/** Runs a step that finds what was formed. */
export function finding<T>(formed: FormedPerSource, step: () => T): T {
  let at = 0;
  return keeper.within(() => formed[at++] ?? null, step);
}
