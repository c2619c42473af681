/**
 * How an unfold is differentiated. The values that it computes never depend on it.
 *
 * `full`: back-propagation through time. Saves what the derivative needs of every step: O(tau) memory.
 *
 * `truncated`: reads of the state that cross a multiple of `every` steps, counted from each sequence's own start, are frozen;
 * their values are used, their derivatives are zero. Chains only.
 *
 * `checkpointed`: the derivative of `full`, for less memory and more time. The sequences are cut into `blocks` of consecutive
 * steps, sqrt(tau) / 2 of them unless given; only the states between blocks are saved, and the backward run computes the rest again,
 * block by block from the last one: O(sqrt tau) memory for one more forward run (Chen et al. 2016, section 4). Chains only.
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

/** @throws RangeError | TypeError */
export function checkBackward(backward: Backward): void {
  if (!["full", "truncated", "checkpointed"].includes(backward.kind))
    throw new TypeError(
      `backward: kind is "full", "truncated" or "checkpointed", got ${JSON.stringify(backward.kind)}`,
    );
  if (backward.kind === "truncated" && !isPositiveInteger(backward.every))
    throw new RangeError(`backward: truncation every ${backward.every} steps; expected a positive integer`);
  if (
    backward.kind === "checkpointed" &&
    backward.blocks !== undefined &&
    !isPositiveInteger(backward.blocks)
  )
    throw new RangeError(
      `backward: checkpointing in ${backward.blocks} blocks; expected a positive integer, or none for half the square root of the number of steps`,
    );
}

function isPositiveInteger(n: number): boolean {
  return Number.isInteger(n) && n >= 1;
}
