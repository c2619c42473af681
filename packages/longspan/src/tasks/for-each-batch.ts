import { check, checkSettings, func, list, optional, signal as signalKind, size } from "../check/index.js";
import { pacer } from "../train/pace.js";
import type { EvaluateExamplesOptions } from "./learner.js";

/**
 * Goes through examples once, some at a time, from the shortest to the longest, so that those that run side by side end together.
 *
 * @param sizeOf steps, or nodes, of an example
 * @param visit is awaited; `numbers` says which examples these are
 * @returns false if the signal came before the end
 * @example
 * const seen: number[] = [];
 * await forEachBatch(["abc", "a", "ab"], (text) => text.length, { batch: 2 }, async (some, numbers) => {
 *   seen.push(...numbers);
 * });
 * seen; // [1, 2, 0]
 */
export async function forEachBatch<X>(
  examples: readonly X[],
  sizeOf: (example: X) => number,
  options: EvaluateExamplesOptions | undefined,
  visit: (some: readonly X[], numbers: readonly number[]) => Promise<void>,
): Promise<boolean> {
  check("forEachBatch", "examples", examples, list);
  check("forEachBatch", "sizeOf", sizeOf, func);
  const { batch = 64, signal, pause } = checkSettings("forEachBatch", options, kinds);
  check("forEachBatch", "visit", visit, func);
  const rest = pacer(pause);
  const sizes = examples.map(sizeOf);
  const order = Array.from(examples.keys()).sort((a, b) => sizes[a]! - sizes[b]! || a - b);
  for (let at = 0; at < order.length; at += batch) {
    if (signal?.aborted) return false;
    const numbers = order.slice(at, at + batch);
    await visit(
      numbers.map((i) => examples[i]!),
      numbers,
    );
    await rest();
  }
  return true;
}

const kinds = { batch: optional(size), signal: optional(signalKind), pause: optional(func) };
