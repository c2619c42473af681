import { check, oneOf } from "../../check/index.js";
import { adding } from "./adding.js";
import { associativeRecall } from "./associative-recall.js";
import { completion } from "./completion.js";
import { copyVectors, reverseVectors } from "./copying.js";
import { dynamicNGrams } from "./dynamic-n-grams.js";
import { embeddedReber } from "./embedded-reber.js";
import { type FormalLanguageName, formalLanguage } from "./formal-languages.js";
import { latch } from "./latch.js";
import { lengthsFrom } from "./make-problem.js";
import { copyMemory, noiselessMemorisation } from "./memorisation.js";
import { multiQueryRecall } from "./multi-query-recall.js";
import { multiplication } from "./multiplication.js";
import { parity } from "./parity.js";
import { randomPermutation } from "./permutation.js";
import { prioritySort } from "./priority-sort.js";
import type { Lengths, SyntheticProblem } from "./problem.js";
import { repeatCopy } from "./repeat-copy.js";
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
  | "reversal"
  | "repeat-copy"
  | "associative-recall"
  | "n-grams"
  | "priority-sort"
  | "completion"
  | "multi-query-recall"
  | "parity"
  | FormalLanguageName;

/** A problem as its name stands for it. */
interface NamedProblem {
  make(length: Lengths): SyntheticProblem;
  /** What its lengths count; absent where the problem itself draws all lengths. */
  readonly counts?:
    | "steps"
    | "steps of waiting"
    | "vectors"
    | "items"
    | "pairs"
    | "bits"
    | "symbols of a run";
  /** The lengths that it usually has; 100 by default. */
  readonly usual?: Lengths;
}

const steps = (make: NamedProblem["make"]): NamedProblem => ({ make, counts: "steps" });
const waiting = (make: NamedProblem["make"]): NamedProblem => ({ make, counts: "steps of waiting" });
const vectors = (usual: Lengths, make: NamedProblem["make"]): NamedProblem => ({
  make,
  counts: "vectors",
  usual,
});
const language = (name: FormalLanguageName): NamedProblem => ({
  make: (n) => formalLanguage({ language: name, n }),
  counts: "symbols of a run",
  usual: [1, 19],
});

const problems: Readonly<Record<SyntheticProblemName, NamedProblem>> = {
  "temporal-order": steps((length) => temporalOrder({ length })),
  "temporal-order-3": steps((length) => temporalOrder({ length, symbols: 3 })),
  "temporal-order-1997": steps((length) => temporalOrder1997({ length })),
  "temporal-order-3-1997": steps((length) => temporalOrder1997({ length, symbols: 3 })),
  adding: steps((length) => adding({ length })),
  "adding-1997": steps((length) => adding({ length, variant: "hochreiter1997" })),
  "adding-2016": steps((length) => adding({ length, variant: "arjovsky2016" })),
  multiplication: steps((length) => multiplication({ length })),
  "multiplication-1997": steps((length) => multiplication({ length, variant: "hochreiter1997" })),
  permutation: steps((length) => randomPermutation({ length })),
  "memorisation-5": waiting((length) => noiselessMemorisation({ length, bits: 5 })),
  "memorisation-20": waiting((length) => noiselessMemorisation({ length, bits: 20 })),
  "copy-memory": waiting((length) => copyMemory({ length })),
  latch: steps((length) => latch({ length })),
  "two-sequences": steps((length) => twoSequences({ length })),
  "embedded-reber": { make: () => embeddedReber() },
  copy: vectors([1, 20], (length) => copyVectors({ length })),
  reversal: vectors([1, 20], (length) => reverseVectors({ length })),
  "repeat-copy": vectors([1, 10], (length) => repeatCopy({ length })),
  "associative-recall": {
    make: (items) => associativeRecall({ items }),
    counts: "items",
    usual: [2, 6],
  },
  "n-grams": { make: (length) => dynamicNGrams({ length }), counts: "bits", usual: 200 },
  "priority-sort": vectors(20, (length) => prioritySort({ length })),
  completion: vectors(10, (length) => completion({ length })),
  "multi-query-recall": { make: (pairs) => multiQueryRecall({ pairs }), counts: "pairs", usual: 4 },
  parity: { make: (length) => parity({ length }), counts: "steps", usual: [3, 40] },
  "an-bn": language("an-bn"),
  "an-bn-cn": language("an-bn-cn"),
  "an-bn-cn-dn": language("an-bn-cn-dn"),
  "an-b2n": language("an-b2n"),
  "an-bm-cnm": language("an-bm-cnm"),
};

/** The names of all problems, as `namedProblem` takes them. */
export const syntheticProblemNames = Object.keys(problems) as readonly SyntheticProblemName[];

/**
 * A problem by its name, with its usual settings, of any lengths. Those of embedded-reber are the grammar's own: it takes any.
 *
 * @param name one of `syntheticProblemNames`
 * @throws RangeError if there is no such problem or it has no such length
 * @example namedProblem("adding-2016", 600).baseline // 1 / 6
 */
export function namedProblem(name: SyntheticProblemName, length: Lengths): SyntheticProblem {
  check("namedProblem", "name", name, oneOf(...syntheticProblemNames));
  check("namedProblem", "length", length, lengthsFrom(1, "a sequence has a step at least"));
  return problems[name].make(length);
}

/**
 * What the lengths of a problem are.
 *
 * @param name one of `syntheticProblemNames`
 * @returns what they count, and those that the problem usually has; null if the problem itself draws all lengths
 * @throws RangeError if there is no such problem
 * @example
 * problemLengths("associative-recall") // { counts: "items", usual: [ 2, 6 ] }
 * problemLengths("embedded-reber") // null
 */
export function problemLengths(
  name: SyntheticProblemName,
): { readonly counts: string; readonly usual: Lengths } | null {
  check("problemLengths", "name", name, oneOf(...syntheticProblemNames));
  const { counts, usual = 100 } = problems[name];
  return counts === undefined ? null : { counts, usual };
}
