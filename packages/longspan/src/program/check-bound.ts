import type { TypedArray } from "./dtype.js";
import type { Window } from "./executor.js";
import type { Handle } from "./handle.js";

/**
 * Checks the handles that bound executions are run with.
 * @throws RangeError or TypeError if they do not fit those that they replace
 * @example
 * const handle = defaultExecutor().allocate("float32", 3);
 * checkHandles([handle], [handle]); // passes; with none: "0 handles in place of 1"
 */
export function checkHandles(handles: readonly Handle[], replaced: readonly Handle[]): void {
  if (handles.length !== replaced.length)
    throw new RangeError(`${handles.length} handles in place of ${replaced.length}`);
  for (const [i, { dtype, length }] of replaced.entries()) {
    const handle = handles[i]!;
    if (handle.dtype !== dtype || handle.length < length)
      throw new TypeError(`${handle.dtype} of ${handle.length} in place of ${dtype} of ${length}`);
  }
}

/**
 * Checks the arrays that bound executions are run with.
 * @throws RangeError if one is not as long as its range
 * @example
 * const handle = defaultExecutor().allocate("float32", 3);
 * const range = { handle, offset: 0, length: 3 };
 * checkWindow({ input: range, output: range }, [1, 2, 3], new Float32Array(3)); // passes
 */
export function checkWindow(
  { input: into, output: from }: Window,
  input: ArrayLike<number>,
  output: TypedArray,
): void {
  if (input.length !== into.length)
    throw new RangeError(`the input has ${input.length} elements, expected ${into.length}`);
  if (output.length !== from.length)
    throw new RangeError(`the output has ${output.length} elements, expected ${from.length}`);
}
