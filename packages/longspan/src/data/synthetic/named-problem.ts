import { check, oneOf } from "../../check/index.js";
import { adding } from "./adding.js";
import { copyVectors, reverseVectors } from "./copying.js";
import { embeddedReber } from "./embedded-reber.js";
import { latch } from "./latch.js";
import { lengthsFrom } from "./make-problem.js";
import { copyMemory, noiselessMemorisation } from "./memorisation.js";
import { multiplication } from "./multiplication.js";
import { randomPermutation } from "./permutation.js";
import type { Lengths, SyntheticProblem } from "./problem.js";
import { temporalOrder } from "./temporal-order.js";
import { temporalOrder1997 } from "./temporal-order-1997.js";
import { twoSequences } from "./two-sequences.js";

/** A problem's name. */
export type SyntheticProblemName =
  | "temporal-order"
  | "temporal-order-3"
  | "temporal-order-1997"
  | "temporal-order-3-1997"
  | "adding"
  | "adding-1997"
  | "adding-2016"
  | "multiplication"
  | "multiplication-1997"
  | "permutation"
  | "memorisation-5"
  | "memorisation-20"
  | "copy-memory"
  | "latch"
  | "two-sequences"
  | "embedded-reber"
  | "copy"
  | "reversal";

const problems: Readonly<Record<SyntheticProblemName, (length: Lengths) => SyntheticProblem>> = {
  "temporal-order": (length) => temporalOrder({ length }),
  "temporal-order-3": (length) => temporalOrder({ length, symbols: 3 }),
  "temporal-order-1997": (length) => temporalOrder1997({ length }),
  "temporal-order-3-1997": (length) => temporalOrder1997({ length, symbols: 3 }),
  adding: (length) => adding({ length }),
  "adding-1997": (length) => adding({ length, variant: "hochreiter1997" }),
  "adding-2016": (length) => adding({ length, variant: "arjovsky2016" }),
  multiplication: (length) => multiplication({ length }),
  "multiplication-1997": (length) => multiplication({ length, variant: "hochreiter1997" }),
  permutation: (length) => randomPermutation({ length }),
  "memorisation-5": (length) => noiselessMemorisation({ length, bits: 5 }),
  "memorisation-20": (length) => noiselessMemorisation({ length, bits: 20 }),
  "copy-memory": (length) => copyMemory({ length }),
  latch: (length) => latch({ length }),
  "two-sequences": (length) => twoSequences({ length }),
  "embedded-reber": () => embeddedReber(),
  copy: (length) => copyVectors({ length }),
  reversal: (length) => reverseVectors({ length }),
};

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
  check("namedProblem", "name", name, oneOf(...syntheticProblemNames));
  check("namedProblem", "length", length, lengthsFrom(1, "a sequence has a step at least"));
  return problems[name](length);
}
