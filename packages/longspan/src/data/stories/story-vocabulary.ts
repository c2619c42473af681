import { check, text } from "../../check/index.js";
import { questionsKind, type StoryQuestion } from "./story-question.js";

/** Numbers the words of stories and their answers: 0 to size - 1. */
export interface StoryVocabulary {
  /** The words by number, in the order of their UTF-16 units. */
  readonly words: readonly string[];
  readonly size: number;
  /** The number of a word. @throws RangeError for a word that has none */
  number(word: string): number;
}

/**
 * A vocabulary of all words and answers of questions about stories. An answer of several words, such as `"milk,football"`, is one entry.
 *
 * @param questions those to be trained on and those to be tested on: a word that is not among them has no number
 * @example
 * const question = { sentences: [["mary", "moved"]], question: ["who", "moved"], answer: "mary", supports: [0] };
 * storyVocabulary([question]).words // [ "mary", "moved", "who" ]
 */
export function storyVocabulary(questions: readonly StoryQuestion[]): StoryVocabulary {
  check("storyVocabulary", "questions", questions, questionsKind);
  const all = new Set<string>();
  // The questions of a story share its sentences: each is looked at once.
  const seen = new Set<readonly string[]>();
  for (const { sentences, question, answer } of questions) {
    for (const sentence of sentences) {
      if (seen.has(sentence)) continue;
      seen.add(sentence);
      for (const word of sentence) all.add(word);
    }
    for (const word of question) all.add(word);
    all.add(answer);
  }
  const words = [...all].sort();
  const numbers = new Map(words.map((word, i) => [word, i]));
  return {
    words,
    size: words.length,
    number(word) {
      check("storyVocabulary.number", "word", word, text);
      const number = numbers.get(word);
      if (number === undefined)
        throw new RangeError(
          `storyVocabulary.number: there is no word ${JSON.stringify(word)} among the ${words.length} of the vocabulary; make it of all questions that are asked`,
        );
      return number;
    },
  };
}
