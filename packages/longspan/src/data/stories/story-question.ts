import { isRecord, kind, listOf, type RequiredKind } from "../../check/index.js";

/** A question about a story: what was told before it, and what is right. */
export interface StoryQuestion {
  /** The sentences before the question, from the first, each a list of words. Earlier questions are not among them. */
  readonly sentences: readonly (readonly string[])[];
  /** The words of the question. */
  readonly question: readonly string[];
  /** The answer. Several words are one answer, as they stand: `"milk,football"`. */
  readonly answer: string;
  /** The places of the sentences that the answer follows from, in the order that the file gives, 0 for the first sentence. */
  readonly supports: readonly number[];
}

/** Questions about stories, as far as functions that take them need it. */
export const questionsKind: RequiredKind = listOf(
  kind(
    "a question { sentences, question, answer, supports }, as readStories gives",
    (value) =>
      isRecord(value) &&
      Array.isArray(value.sentences) &&
      Array.isArray(value.question) &&
      typeof value.answer === "string" &&
      Array.isArray(value.supports),
  ),
  "a list of questions { sentences, question, answer, supports }, as readStories gives",
);
