import { adding } from "./adding.js";
import { embeddedReber } from "./embedded-reber.js";
import { latch } from "./latch.js";
import { copyMemory, noiselessMemorisation } from "./memorisation.js";
import { multiplication } from "./multiplication.js";
import { randomPermutation } from "./permutation.js";
import type { Lengths, SyntheticProblem } from "./problem.js";
import { temporalOrder } from "./temporal-order.js";
import { temporalOrder1997 } from "./temporal-order-1997.js";
import { twoSequences } from "./two-sequences.js";

const problems = {
  "temporal-order": (length: Lengths) => temporalOrder({ length }),
  "temporal-order-3": (length: Lengths) => temporalOrder({ length, symbols: 3 }),
  "temporal-order-1997": (length: Lengths) => temporalOrder1997({ length }),
  "temporal-order-3-1997": (length: Lengths) => temporalOrder1997({ length, symbols: 3 }),
  adding: (length: Lengths) => adding({ length }),
  "adding-1997": (length: Lengths) => adding({ length, form: "hochreiter1997" }),
  "adding-2016": (length: Lengths) => adding({ length, form: "arjovsky2016" }),
  multiplication: (length: Lengths) => multiplication({ length }),
  "multiplication-1997": (length: Lengths) => multiplication({ length, form: "hochreiter1997" }),
  permutation: (length: Lengths) => randomPermutation({ length }),
  "memorisation-5": (length: Lengths) => noiselessMemorisation({ length, bits: 5 }),
  "memorisation-20": (length: Lengths) => noiselessMemorisation({ length, bits: 20 }),
  "copy-memory": (length: Lengths) => copyMemory({ length }),
  latch: (length: Lengths) => latch({ length }),
  "two-sequences": (length: Lengths) => twoSequences({ length }),
  "embedded-reber": (_: Lengths) => embeddedReber(),
};

/** A problem's name. */
export type SyntheticProblemName = keyof typeof problems;

/** The names of all problems, as `namedProblem` takes them. */
export const syntheticProblemNames = Object.keys(problems) as readonly SyntheticProblemName[];

/**
 * A problem by its name, with its usual settings. The lengths of embedded-reber are the grammar's own: it takes any.
 *
 * @param name one of `syntheticProblemNames`
 * @throws RangeError if there is no such problem or it has no such length
 * @example namedProblem("adding-2016", 600).baseline // 1 / 6
 */
export function namedProblem(name: SyntheticProblemName, length: Lengths): SyntheticProblem {
  if (!Object.hasOwn(problems, name))
    throw new RangeError(`namedProblem: the name is one of ${syntheticProblemNames.join(", ")}, got ${name}`);
  return problems[name](length);
}
