import { Key, onCpu, packStories, readStories, StoryFormatError, storyVocabulary, Utf8Error } from "longspan";
import { describe, expect, test } from "vitest";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = `1 Mary moved to the bathroom.
2 John went back.
3 Where is Mary?\tbathroom\t1
4 Mary dropped the milk.
5 What is there? \tmilk,apple\t4 2
1 Sam sat.
2 Who sat?\tSam\t1
`;

describe("readStories", () => {
  test("questions have what was told before them, and their facts by place", () => {
    const first = [
      ["mary", "moved", "to", "the", "bathroom"],
      ["john", "went", "back"],
    ];
    expect(readStories(bytes(text))).toEqual([
      { sentences: first, question: ["where", "is", "mary"], answer: "bathroom", supports: [0] },
      {
        sentences: [...first, ["mary", "dropped", "the", "milk"]],
        question: ["what", "is", "there"],
        answer: "milk,apple",
        supports: [2, 1],
      },
      { sentences: [["sam", "sat"]], question: ["who", "sat"], answer: "sam", supports: [0] },
    ]);
  });

  test("line breaks of Windows, a last line without one, and nothing", () => {
    expect(readStories(bytes(text.replaceAll("\n", "\r\n")))).toEqual(readStories(bytes(text)));
    expect(readStories(bytes(text.slice(0, -1)))).toEqual(readStories(bytes(text)));
    expect(readStories(bytes(""))).toEqual([]);
  });

  test.each([
    ["Mary sat.\n", 1, 'expected a number, a space and a sentence, got "Mary sat."'],
    ["1 Mary sat.\n\n2 She sat.\n", 2, 'expected a number, a space and a sentence, got ""'],
    [
      "2 Mary sat.\n",
      1,
      "the number 2 at the beginning; lines of a story are counted 1, 2, 3, and 1 begins the next story",
    ],
    [
      "1 A b.\n3 C d.\n",
      2,
      "the number 3 after 1; lines of a story are counted 1, 2, 3, and 1 begins the next story",
    ],
    ["1 Mary sat\n", 1, 'a sentence ends with a full stop, got "Mary sat"'],
    ["1 .\n", 1, "there are no words"],
    ["1 A b.\n2 Who b.\tA\t1\n", 2, 'a question ends with ?, got "Who b."'],
    [
      "1 A b.\n2 Who b?\tA\n",
      2,
      "a question has two tabs, before its answer and before the numbers of its facts, and there is one",
    ],
    [
      "1 A b.\n2 Who b?\tA\t1\t1\n",
      2,
      "a question has two tabs, before its answer and before the numbers of its facts, and there are 3",
    ],
    ["1 A b.\n2 Who b?\t \t1\n", 2, "the answer is empty"],
    [
      "1 A b.\n2 Who b?\tA\t2\n",
      2,
      '"2" among the numbers of the facts; expected those of sentences before the question',
    ],
    [
      "1 A b.\n2 Who b?\tA\t\n",
      2,
      '"" among the numbers of the facts; expected those of sentences before the question',
    ],
    [
      "1 A b.\n2 Who b?\tA\t1\n3 Who b?\tA\t2\n",
      3,
      '"2" among the numbers of the facts; expected those of sentences before the question',
    ],
  ])("%j breaks the format at line %i", (broken, line, reason) => {
    const read = () => readStories(bytes(broken));
    expect(read).toThrow(new StoryFormatError(line, reason));
    expect(read).toThrow(`stories: line ${line}: ${reason}`);
  });

  test("bytes that are no text", () => {
    expect(() => readStories(Uint8Array.of(0x31, 0xff))).toThrow(Utf8Error);
  });
});

describe("packStories", () => {
  const questions = readStories(bytes(text));
  const vocabulary = storyVocabulary(questions);
  const numbers = (t: Parameters<typeof onCpu>[0]) => Array.from(onCpu(t).toArray());

  test("sentences are sequences of words, and members of the set of their question", () => {
    const packed = packStories(questions, vocabulary);
    expect(Array.from(packed.structure.sets[0]!.sizes)).toEqual([2, 3, 1]);
    expect(Array.from(packed.sentences.structure.nodesPerSequence())).toEqual([5, 3, 5, 3, 4, 2]);
    const flat = numbers(packed.sentences.structure.unpack(packed.sentences.x)).map(
      (w) => vocabulary.words[w],
    );
    expect(flat).toEqual(questions.flatMap(({ sentences }) => sentences.flat()));
    expect(numbers(packed.times)).toEqual([1, 0, 2, 1, 0, 0]);
    expect(numbers(packed.answers).map((a) => vocabulary.words[a])).toEqual([
      "bathroom",
      "milk,apple",
      "sam",
    ]);
    expect(packed.supports).toEqual([[0], [2, 1], [0]]);
  });

  test("the last sentences are kept, and facts are counted from the first of them", () => {
    const { structure, times, supports } = packStories(questions, vocabulary, { most: 2 });
    expect(Array.from(structure.sets[0]!.sizes)).toEqual([2, 2, 1]);
    expect(numbers(times)).toEqual([1, 0, 1, 0, 0]);
    expect(supports).toEqual([[0], [1, 0], [0]]);
  });

  test("blank moments leave gaps in times, never more than their share, and the order stays", () => {
    const long = { ...questions[2]!, sentences: Array.from({ length: 20 }, () => ["sam", "sat"]) };
    const seen = new Set<number>();
    for (let n = 0; n < 50; n++) {
      const times = numbers(packStories([long], vocabulary, { blanks: 0.1, key: Key.of(n) }).times);
      expect(times).toEqual(times.toSorted((a, b) => b - a));
      expect(new Set(times).size).toBe(20);
      expect(times[0]).toBeLessThanOrEqual(21);
      seen.add(times[0]!);
    }
    expect([...seen].sort()).toEqual([19, 20, 21]);
  });

  test("what does not go together", () => {
    expect(() => packStories(questions, vocabulary, { blanks: 0.1 })).toThrow(
      "storyTimes: blanks is 0.1 and there is no key; give one for the draws",
    );
    expect(() => packStories([{ ...questions[0]!, answer: "cellar" }], vocabulary)).toThrow(
      'storyVocabulary.number: there is no word "cellar" among the 18 of the vocabulary; make it of all questions that are asked',
    );
  });
});
