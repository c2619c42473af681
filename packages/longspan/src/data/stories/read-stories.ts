import { check, instanceOf } from "../../check/index.js";
import { decodeUtf8 } from "../utf8.js";
import type { StoryQuestion } from "./story-question.js";

/** A file of stories that breaks their format; the message names the line and what is wrong there. */
export class StoryFormatError extends Error {
  override name = "StoryFormatError";

  constructor(
    /** The line, 1 for the first. */
    readonly line: number,
    /** What is wrong there. */
    readonly reason: string,
  ) {
    super(`stories: line ${line}: ${reason}`);
  }
}

/**
 * The questions of a file of stories in the format of the bAbI tasks (Weston et al. 2015):
 *
 *     1 Mary moved to the bathroom.
 *     2 John went to the hallway.
 *     3 Where is Mary?<tab>bathroom<tab>1
 *
 * Every line has a number, counted from 1; a line numbered 1 begins the next story. A line with tabs is a question: its text, the answer, and
 * the numbers of the lines that the answer follows from. The others are sentences. Words are what stands between spaces, in lower case and
 * without the full stop or question mark at the end. A question has all sentences of its story that stand before it.
 *
 * @param bytes the whole file, UTF-8
 * @throws Utf8Error for bytes that are no text
 * @throws StoryFormatError for the first line that breaks the format
 * @example
 * const text = "1 Mary moved to the bathroom.\n2 Where is Mary?\tbathroom\t1\n";
 * const [question] = readStories(Uint8Array.from(text, (c) => c.charCodeAt(0)));
 * question!.question // [ "where", "is", "mary" ]
 * question!.supports // [ 0 ]
 */
export function readStories(bytes: Uint8Array): StoryQuestion[] {
  check("readStories", "bytes", bytes, bytesKind);
  const lines = decodeUtf8(bytes).split("\n");
  // What stands after the last line break is a line only if there is something.
  if (lines.at(-1) === "") lines.pop();
  const questions: StoryQuestion[] = [];
  let sentences: string[][] = [];
  /** By the number of a line, the place of its sentence; -1 for a question. */
  let offsets: number[] = [];
  for (const [at, text] of lines.entries()) {
    const line = at + 1;
    const [, digits, rest] = /^(\d+) (.*)$/.exec(text.endsWith("\r") ? text.slice(0, -1) : text) ?? [];
    if (digits === undefined || rest === undefined)
      throw new StoryFormatError(line, `expected a number, a space and a sentence, got ${quoted(text)}`);
    const number = Number(digits);
    if (number === 1) [sentences, offsets] = [[], []];
    else if (number !== offsets.length + 1)
      throw new StoryFormatError(
        line,
        `the number ${digits} ${offsets.length === 0 ? "at the beginning" : `after ${offsets.length}`}; lines of a story are counted 1, 2, 3, and 1 begins the next story`,
      );
    const parts = rest.split("\t");
    if (parts.length === 1) {
      offsets.push(sentences.length);
      sentences.push(wordsOf(line, rest, "."));
      continue;
    }
    if (parts.length !== 3)
      throw new StoryFormatError(
        line,
        `a question has two tabs, before its answer and before the numbers of its facts, and there ${parts.length === 2 ? "is one" : `are ${parts.length - 1}`}`,
      );
    const answer = parts[1]!.trim().toLowerCase();
    if (answer === "") throw new StoryFormatError(line, "the answer is empty");
    questions.push({
      sentences: [...sentences],
      question: wordsOf(line, parts[0]!, "?"),
      answer,
      supports: supportsOf(line, parts[2]!, offsets),
    });
    offsets.push(-1);
  }
  return questions;
}

function wordsOf(line: number, text: string, mark: "." | "?"): string[] {
  const bare = text.trim();
  if (!bare.endsWith(mark))
    throw new StoryFormatError(
      line,
      `${mark === "?" ? "a question ends with ?" : "a sentence ends with a full stop"}, got ${quoted(text)}`,
    );
  const words = bare.slice(0, -1).trim().toLowerCase().split(/ +/);
  if (words[0] === "") throw new StoryFormatError(line, "there are no words");
  return words;
}

function supportsOf(line: number, text: string, offsets: readonly number[]): number[] {
  const numbers = text.trim().split(/ +/);
  return numbers.map((digits) => {
    const offset = /^\d+$/.test(digits) ? offsets[Number(digits) - 1] : undefined;
    if (offset === undefined || offset < 0)
      throw new StoryFormatError(
        line,
        `${quoted(digits)} among the numbers of the facts; expected those of sentences before the question`,
      );
    return offset;
  });
}

const bytesKind = instanceOf(Uint8Array, "a Uint8Array");

/** At most so many characters of a line are shown. */
const most = 60;

function quoted(text: string): string {
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}...` : text);
}
