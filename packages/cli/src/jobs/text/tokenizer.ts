import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as HuggingFace from "@huggingface/tokenizers";
import {
  type StoredVocabulary,
  type SubwordCodec,
  storedVocabulary,
  type Vocabulary,
  vocabularyFrom,
} from "longspan";
import { fileReason } from "longspan/node";
import { Failure } from "../../failure.js";

/**
 * The vocabulary of a tokenizer in Hugging Face's format.
 * @param path of a tokenizer.json
 * @throws Failure naming the file and what is wrong with it
 */
export function readTokenizer(path: string): Vocabulary {
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Failure(`${path} is no tokenizer: it is not JSON (${error.message}); give a tokenizer.json`);
    throw new Failure(`cannot read ${path}: ${fileReason(error)}`);
  }
  const tokenizer = made(stored, path);
  const vocabulary = symbolsOf(tokenizer, stored, path);
  return vocabularyFrom(vocabulary, codecOf(tokenizer));
}

/** The vocabulary of a run that can read and write text: with the tokenizer that the run keeps, if it has one. */
export function readingVocabulary(vocabulary: Vocabulary, run: string): Vocabulary {
  if (vocabulary.level !== "subword") return vocabulary;
  const stored = storedVocabulary(vocabulary);
  return vocabularyFrom(stored, keptTokenizer(run)(stored.tokenizer));
}

/** What cuts the texts of a run, of the tokenizer that it keeps. @throws Failure if nothing can be made of it */
export function keptTokenizer(run: string): (stored: unknown) => SubwordCodec {
  return (stored) => codecOf(made(stored, `the tokenizer of ${run}`));
}

function codecOf(tokenizer: HuggingFace.Tokenizer): SubwordCodec {
  return {
    encode: (text) => (text === "" ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids),
    decode: (numbers) =>
      numbers.length === 0
        ? ""
        : tokenizer.decode([...numbers], { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
  };
}

/** @throws Failure if nothing can be made of it */
function made(stored: unknown, where: string): HuggingFace.Tokenizer {
  // Loaded where there is a tokenizer only.
  const { Tokenizer } = createRequire(import.meta.url)("@huggingface/tokenizers") as typeof HuggingFace;
  try {
    return new Tokenizer(stored as object, {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `${where} is no tokenizer that can be used: ${reason}; give a tokenizer.json as Hugging Face's tokenizers write it`,
    );
  }
}

/** The subwords by number. What a tokenizer has no subword for has a name that none has. */
function symbolsOf(tokenizer: HuggingFace.Tokenizer, stored: unknown, where: string): StoredVocabulary {
  const numbers = tokenizer.get_vocab(true);
  const size = [...numbers.values()].reduce((most, n) => Math.max(most, n + 1), 0);
  if (size === 0) throw new Failure(`${where} has no subwords; give a tokenizer that was trained`);
  const symbols = Array.from({ length: size }, (_, n) => `<no subword ${n}>`);
  for (const [symbol, n] of numbers) symbols[n] = symbol;
  const { unk_token: name, unk_id: number } = (stored as { model: { unk_token?: unknown; unk_id?: unknown } })
    .model;
  const unknown = typeof number === "number" ? number : numbers.get(String(name));
  return { level: "subword", symbols, unknown: unknown ?? null, tokenizer: stored };
}
