import {
  characterVocabulary,
  type SymbolNumbers,
  splitText,
  type TextStreams,
  textStreams,
  tokenVocabulary,
  type Vocabulary,
  wordVocabulary,
} from "longspan";
import { exitCode, Failure } from "../../failure.js";
import { whole } from "../../run-lines.js";
import type { TextSettings } from "./config.js";
import { encodeText } from "./encode-text.js";
import { unitOf } from "./levels.js";
import type { TextFile } from "./text-file.js";
import { readTokenizer } from "./tokenizer.js";

/** A text, ready to train on. */
export interface TextData {
  readonly path: string;
  readonly sha256: string;
  /** Code points. */
  readonly characters: number;
  readonly vocabulary: Vocabulary;
  readonly symbols: SymbolNumbers;
  readonly train: SymbolNumbers;
  readonly valid: SymbolNumbers;
  readonly streams: TextStreams;
}

/**
 * A text in numbers, cut up.
 * @param known the vocabulary of a run that is taken up again; made from the text if there is none
 * @throws Failure naming the file and what is wrong with it
 */
export function textData(file: TextFile, settings: TextSettings, known: Vocabulary | null): TextData {
  const { path, sha256, characters } = file;
  const { valid: share, batch, seq } = settings;
  const vocabulary = known ?? vocabularyOf(file, settings);
  const { symbols } = encodeText(file, vocabulary);
  checkLength(path, symbols.length, settings);
  const { train, valid } = splitText(symbols, share);
  const streams = textStreams(train, { streams: batch, steps: seq });
  return { path, sha256, characters, vocabulary, symbols, train, valid, streams };
}

function vocabularyOf(file: TextFile, { level, tokenizer, vocabulary: size }: TextSettings): Vocabulary {
  if (level === "subword") {
    if (tokenizer === null)
      throw new Failure(
        "--level subword needs a tokenizer that cuts the text; name its file with --tokenizer",
        exitCode.usage,
      );
    return readTokenizer(tokenizer);
  }
  if (level === "char") return characterVocabulary(file.parts());
  const kept = size === null ? {} : { size };
  if (level === "token") return tokenVocabulary(file.parts(), kept);
  const vocabulary = wordVocabulary(file.parts(), size === null ? { size: everyWord } : kept);
  if (vocabulary.size < 2)
    throw new Failure(
      `${file.path} has no word that occurs twice, so a model of words would know none of them; use a longer text, or --level char`,
    );
  return vocabulary;
}

/** More words than a text can have. */
const everyWord = Number.MAX_SAFE_INTEGER;

/** @throws Failure unless there is one full segment to train on, and one symbol to predict in the part held out, if there is one. */
function checkLength(path: string, length: number, { level, batch, seq, valid: share }: TextSettings): void {
  const trained = (n: number) => Math.floor(n * (1 - share));
  const segment = batch * seq + 1;
  const what = `${unitOf[level]}s`;
  const heldOut = (n: number) => n - trained(n);
  if (trained(length) >= segment) {
    if (share === 0 || heldOut(length) >= 2) return;
    throw new Failure(
      `--valid ${share} holds out ${whole(heldOut(length))} of the ${whole(length)} ${what} of ${path}, and a validation needs 2; give --valid ${enough(length)} or more, or --valid 0 to hold out nothing`,
    );
  }
  let needed = Math.ceil(segment / (1 - share));
  if (trained(needed) < segment) needed += 1;
  const more =
    share > 0 && heldOut(needed) < 2 ? `, and more for --valid ${share} to hold out 2 of them` : "";
  const remedy =
    length < 20
      ? "use a longer text"
      : `lower ${length < segment ? "--batch or --seq" : "--batch, --seq or --valid"} (what is not held out must have batch x seq + 1 of them)`;
  throw new Failure(
    `${path} is too short: it has ${whole(length)} ${what}, and --batch ${batch} with --seq ${seq} needs ${whole(needed)}${more}; ${remedy}`,
  );
}

/** A round share that holds out two of so many symbols at least. */
function enough(length: number): number {
  const unit = 10 ** Math.floor(Math.log10(2 / length));
  return Number((Math.ceil(2 / length / unit) * unit).toPrecision(1));
}
