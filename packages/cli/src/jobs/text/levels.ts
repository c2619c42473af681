import type { VocabularyLevel } from "longspan";

/** What is read and predicted at a level, in words. */
export const unitOf = {
  char: "character",
  word: "word",
  token: "token",
  subword: "token",
} as const satisfies Record<VocabularyLevel, string>;

/** What is read and predicted, in words. */
export type Unit = (typeof unitOf)[VocabularyLevel];

/** Whether the loss is told in bits, and not as a perplexity. */
export function toldInBits(unit: Unit): boolean {
  return unit === "character";
}
