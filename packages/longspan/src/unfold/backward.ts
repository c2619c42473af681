/**
 * How an unfold is differentiated. `full`: back-propagation through time. `truncated`: reads of the state that cross a multiple
 * of `every` steps, counted from each sequence's own start, are frozen; their values are used, their derivatives are zero.
 * `checkpointed`: as full, with O(sqrt tau) saved values.
 */
export type Backward =
  | { readonly kind: "full" }
  | { readonly kind: "truncated"; readonly every: number }
  | { readonly kind: "checkpointed" };

/** Something the library declares but cannot do yet. */
export class UnsupportedError extends Error {
  override name = "UnsupportedError";
}

/** @throws UnsupportedError | RangeError | TypeError */
export function checkBackward(backward: Backward): void {
  if (!["full", "truncated", "checkpointed"].includes(backward.kind))
    throw new TypeError(
      `backward: kind is "full", "truncated" or "checkpointed", got ${JSON.stringify(backward.kind)}`,
    );
  if (backward.kind === "checkpointed")
    throw new UnsupportedError(
      'backward { kind: "checkpointed" } is not built yet; use "full", or "truncated" for long streams',
    );
  if (backward.kind === "truncated" && (!Number.isInteger(backward.every) || backward.every < 1))
    throw new RangeError(`backward: truncation every ${backward.every} steps; expected a positive integer`);
}
