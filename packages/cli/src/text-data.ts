import { createHash } from "node:crypto";
import {
  characterVocabulary,
  splitText,
  type TextStreams,
  textStreams,
  type Vocabulary,
  wordVocabulary,
} from "longspan";
import { Failure } from "./failure.js";
import { readText } from "./read-text.js";
import type { RunSettings } from "./run-config.js";
import { whole } from "./run-lines.js";

/** A text, ready to train on. */
export interface TextData {
  readonly path: string;
  readonly sha256: string;
  /** Code points. */
  readonly characters: number;
  readonly vocabulary: Vocabulary;
  readonly symbols: Int32Array;
  readonly train: Int32Array;
  readonly valid: Int32Array;
  readonly streams: TextStreams;
}

/**
 * Reads a text and cuts it up.
 * @param known the vocabulary of a run that is taken up again; made from the text if there is none
 * @throws Failure naming the file and what is wrong with it
 */
export function readTextData(path: string, settings: RunSettings, known: Vocabulary | null): TextData {
  const text = readText(path);
  if (text === "") throw new Failure(`${path} is empty`);
  const { level, vocabulary: size, valid: share, batch, seq } = settings;
  const vocabulary = known ?? (level === "word" ? wordVocabulary(text, { size }) : characterVocabulary(text));
  const symbols = vocabulary.encode(text);
  checkLength(path, symbols.length, settings);
  const { train, valid } = splitText(symbols, share);
  let characters = 0;
  for (const _ of text) characters += 1;
  return {
    path,
    sha256: createHash("sha256").update(text).digest("hex"),
    characters,
    vocabulary,
    symbols,
    train,
    valid,
    streams: textStreams(train, { streams: batch, steps: seq }),
  };
}

/** @throws Failure unless there is one full segment to train on and one symbol to predict in the part held out. */
function checkLength(path: string, length: number, { level, batch, seq, valid: share }: RunSettings): void {
  const trained = (n: number) => Math.floor(n * (1 - share));
  const enough = (n: number) => trained(n) >= batch * seq + 1 && n - trained(n) >= 2;
  if (enough(length)) return;
  let needed = Math.floor((batch * seq) / (1 - share));
  while (!enough(needed)) needed += 1;
  const what = level === "word" ? "words" : "characters";
  const remedy =
    length >= 20
      ? "lower --batch or --seq (what is not held out must have batch x seq + 1 of them)"
      : "use a longer text";
  throw new Failure(
    `${path} is too short: it has ${whole(length)} ${what}, and --batch ${batch} with --seq ${seq} needs ${whole(needed)}; ${remedy}`,
  );
}
