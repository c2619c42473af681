import { check, checkSettings, having, optional, rate, size } from "../../check/index.js";
import { fromArray, type Key, RandomNumbers, type Tensor } from "../../tensor/index.js";
import { keyKind } from "../../tensor/kinds.js";
import { chain, type Structure } from "../../unfold/index.js";
import { questionsKind, type StoryQuestion } from "./story-question.js";
import type { StoryVocabulary } from "./story-vocabulary.js";

/** How stories are laid out. */
export interface PackStoriesOptions {
  /** The most sentences of a story: the last ones before the question. All by default. */
  readonly most?: number;
  /**
   * Random noise on times: up to this share of a story's sentences is added in blank moments, at places drawn at random, so that a net does not
   * rely on exact times. 0 by default.
   */
  readonly blanks?: number;
  /** Of the draws; needed where there are blanks. */
  readonly key?: Key;
}

/** Words of sentences, in the rows of their structure. */
export interface PackedSentences {
  /** int32 [words] */
  readonly x: Tensor;
  /** A chain per sentence. */
  readonly structure: Structure;
}

/** Questions about stories, laid out for a memory network. */
export interface PackedStories {
  /** A node per question; its set `sentences` are the sentences of its story, from the first that is kept to the last. */
  readonly structure: Structure;
  /** The words of all sentences, those of the first question's story first: a chain per sentence. */
  readonly sentences: PackedSentences;
  /** How long before the question each sentence was told, 0 for the last: int32 [sentences]. */
  readonly times: Tensor;
  /** The words of the questions: a chain per question. */
  readonly questions: PackedSentences;
  /** The answers: int32 [questions]. */
  readonly answers: Tensor;
  /** Of each question the places of the sentences that its answer follows from, 0 for the first that is kept. Those that are not kept are left out. */
  readonly supports: readonly (readonly number[])[];
}

/**
 * Questions about stories, laid out for a memory network: each is a sequence of one node, and its sentences are members of a set. Stories have
 * any number of sentences and sentences any number of words; nothing is padded.
 *
 * With `blanks`, times have gaps: of n sentences and b blank moments, b drawn from 0 to ceil(blanks n), n moments are drawn that are not blank.
 *
 * @param questions such as `readStories` gives @param vocabulary has all of their words
 * @throws RangeError for a word that the vocabulary lacks, and for blanks without a key
 * @see Sukhbaatar, Szlam, Weston, Fergus (2015), "End-to-end memory networks", section 4.1: 50 sentences, and 10 % blanks
 * @example
 * const question = { sentences: [["mary", "sat"], ["she", "sat", "there"]], question: ["who"], answer: "mary", supports: [0] };
 * const { sentences, times, structure } = packStories([question], storyVocabulary([question]));
 * sentences.structure.nodesPerSequence() // Int32Array [ 2, 3 ]
 * times // [1, 0], int32
 * structure.sets[0]!.sizes // Int32Array [ 2 ]
 */
export function packStories(
  questions: readonly StoryQuestion[],
  vocabulary: StoryVocabulary,
  options?: PackStoriesOptions,
): PackedStories {
  check("packStories", "questions", questions, questionsKind);
  check("packStories", "vocabulary", vocabulary, vocabularyKind);
  const { most } = checkSettings<PackStoriesOptions>("packStories", options, optionKinds);
  const stories = questions.map(({ sentences }) => (most ? sentences.slice(-most) : sentences));
  return {
    structure: chain(questions.map(() => 1)).withSets({ sentences: stories.map(({ length }) => length) }),
    sentences: packed(stories.flat(), vocabulary),
    times: storyTimes(questions, options),
    questions: packed(
      questions.map(({ question }) => question),
      vocabulary,
    ),
    answers: integers(questions.map(({ answer }) => vocabulary.number(answer))),
    supports: questions.map(({ sentences, supports }, q) => {
      const dropped = sentences.length - stories[q]!.length;
      return supports.flatMap((s) => (s >= dropped ? [s - dropped] : []));
    }),
  };
}

/**
 * How long before its question each sentence was told, 0 for the last: what `packStories` gives as `times`. To draw other blanks for stories that are
 * laid out already, which is faster than to lay them out anew.
 *
 * @param options as for `packStories`
 * @returns int32 [sentences]
 * @throws RangeError for blanks without a key
 * @example
 * const question = { sentences: [["mary", "sat"], ["she", "stood"]], question: ["who"], answer: "mary", supports: [0] };
 * const stories = packStories([question], storyVocabulary([question]));
 * const others = { ...stories, times: storyTimes([question], { blanks: 0.5, key: Key.of(1) }) };
 * others.times.shape // [ 2 ]
 */
export function storyTimes(questions: readonly StoryQuestion[], options?: PackStoriesOptions): Tensor {
  check("storyTimes", "questions", questions, questionsKind);
  const { most, blanks = 0, key } = checkSettings<PackStoriesOptions>("storyTimes", options, optionKinds);
  if (blanks > 0 && key === undefined)
    throw new RangeError(`storyTimes: blanks is ${blanks} and there is no key; give one for the draws`);
  const draws = key && blanks > 0 ? new RandomNumbers(key) : null;
  return integers(
    questions.flatMap(({ sentences }) => {
      const count = Math.min(sentences.length, most ?? sentences.length);
      return momentsOf(count, draws ? draws.below(Math.ceil(blanks * count) + 1) : 0, draws);
    }),
  );
}

/** When each of so many sentences was told, counted back from the question, falling: with blank moments, n drawn of all. */
function momentsOf(sentences: number, blanks: number, draws: RandomNumbers | null): number[] {
  const moments = Array.from({ length: sentences + blanks }, (_, t) => sentences + blanks - 1 - t);
  for (let b = 0; b < blanks; b++) moments.splice(draws!.below(moments.length), 1);
  return moments;
}

function packed(sentences: readonly (readonly string[])[], vocabulary: StoryVocabulary): PackedSentences {
  const structure = chain(sentences.map((words) => words.length));
  const words = sentences.flat();
  const x = Int32Array.from(structure.parts.order, (at) => vocabulary.number(words[at]!));
  return { x: fromArray(x, [x.length], "int32"), structure };
}

function integers(numbers: readonly number[]): Tensor {
  return fromArray(Int32Array.from(numbers), [numbers.length], "int32");
}

const optionKinds = { most: optional(size), blanks: optional(rate), key: optional(keyKind) };
const vocabularyKind = having("a vocabulary of stories, made by storyVocabulary(questions)", "number");
