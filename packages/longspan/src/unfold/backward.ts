import { isRecord, type Kind, kind, oneOf, optional, type RequiredKind, size } from "../check/index.js";

/**
 * How an unfold is differentiated. The values that it computes never depend on it.
 *
 * `full`: back-propagation through time. Saves what the derivative needs of every step: O(tau) memory.
 *
 * `truncated`: reads of the state that cross a multiple of `every` steps, counted from each sequence's own start, are frozen;
 * their values are used, their derivatives are zero. For structures with a clock: chains, grids, and graphs that are given one.
 *
 * `checkpointed`: the derivative of `full`, for less memory and more time. The structure is cut into `blocks` of consecutive
 * levels, in a chain its steps, sqrt(tau) / 2 of them by default; only the states between blocks are saved, and the backward run computes the rest again,
 * block by block from the last one: O(sqrt tau) memory for one more forward run (Chen et al. 2016, section 4).
 * Where the unfold is differentiated more than once, or forward, it is `full`.
 *
 * @example
 * const cell = lstm({ input: 3, hidden: 4 });
 * const x = zeros([100, 3]);
 * const loss = (p: Traceable<ReturnType<typeof cell.init>>) =>
 *   sum(unfold(cell, p, { x }, chain([100]), { backward: { kind: "checkpointed" } }).output);
 * const grads = grad(loss)(cell.init(Key.of(1)));
 */
export type Backward =
  | { readonly kind: "full" }
  | { readonly kind: "truncated"; readonly every: number }
  | { readonly kind: "checkpointed"; readonly blocks?: number };

/** The ways to differentiate through an unfold. */
export const backwardKind: RequiredKind = {
  words: 'a record { kind: "full", "truncated" or "checkpointed" }',
  accepts: (value) => faultIn("", value) === null,
  refusal: (path, value) => faultIn(path, value)!,
};

const ways = oneOf("full", "truncated", "checkpointed");
const aRecord = kind(backwardKind.words, isRecord);

function faultIn(path: string, setting: unknown): Error | null {
  const part = (name: string, of: Kind) => {
    const value = (setting as Record<string, unknown>)[name];
    return of.accepts(value) ? null : of.refusal(`${path}.${name}`, value);
  };
  if (!isRecord(setting)) return aRecord.refusal(path, setting);
  const own = setting.kind === "truncated" ? "every" : setting.kind === "checkpointed" ? "blocks" : "kind";
  const unknown = Object.keys(setting).find((name) => name !== "kind" && name !== own);
  return (
    part("kind", ways) ??
    (unknown === undefined
      ? null
      : new TypeError(`${path}: there is no setting ${unknown} where kind is "${setting.kind}"`)) ??
    (setting.kind === "truncated" ? part("every", size) : null) ??
    (setting.kind === "checkpointed" ? part("blocks", optional(size)) : null)
  );
}
