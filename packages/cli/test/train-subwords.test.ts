import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { characterVocabulary, storedVocabulary, vocabularyFrom } from "longspan";
import { openRun } from "longspan/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decoding } from "../src/jobs/text/decoding.js";
import { readTokenizer } from "../src/jobs/text/tokenizer.js";
import { freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...names: string[]) => join(folder, ...names);

/** The letters that GPT-2 writes bytes as: printable ones as they are, the others from U+0100 on. */
function byteLetters(): string[] {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
}
const letters = byteLetters();
/** Bytes 0 to 255, then four subwords that are put together. */
const merges = ["t h", "th e", "Ġ the", "o r"];
const pieces = [...letters, ...merges.map((merge) => merge.replace(" ", ""))];
const byteLevel = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: "",
    end_of_word_suffix: "",
    fuse_unk: false,
    vocab: Object.fromEntries(pieces.map((piece, n) => [piece, n])),
    merges,
  },
};
const wordPiece = {
  ...byteLevel,
  added_tokens: [
    {
      id: 0,
      content: "[UNK]",
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    },
  ],
  pre_tokenizer: { type: "Whitespace" },
  decoder: { type: "WordPiece", prefix: "##", cleanup: false },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: { "[UNK]": 0, the: 1, sea: 2, "##s": 3 },
  },
};
const text = "the sea or the café, the 🙂 end\n".repeat(90);
const small = ["--hidden", "8", "--features", "4", "--batch", "4", "--seq", "16", "--steps", "6"];

beforeAll(() => {
  writeFileSync(at("bytes.json"), JSON.stringify(byteLevel));
  writeFileSync(at("pieces.json"), JSON.stringify(wordPiece));
  writeFileSync(at("sea.txt"), text);
  const args = ["train", "text", "sea.txt", "--tokenizer", "bytes.json", ...small, "--out", "run"];
  const { code, stderr } = longspan(folder, ...args);
  expect([stderr, code]).toEqual(["", 0]);
});

describe("a tokenizer of Hugging Face", () => {
  it("cuts into bytes and what is put together of them, and puts them together again", () => {
    const vocabulary = readTokenizer(at("bytes.json"));
    expect([vocabulary.level, vocabulary.size, vocabulary.unknown]).toEqual(["subword", 260, null]);
    const numbers = [...vocabulary.encode("the for the é")];
    expect(numbers.map((n) => vocabulary.symbols[n])).toEqual(["the", "Ġ", "f", "or", "Ġthe", "Ġ", "Ã", "©"]);
    expect(vocabulary.decode(numbers)).toBe("the for the é");
    expect([...vocabulary.encode("")]).toEqual([]);
    expect(vocabulary.decode([])).toBe("");
  });

  it("has one subword for what it does not know, where it has one", () => {
    const vocabulary = readTokenizer(at("pieces.json"));
    expect(vocabulary.unknown).toBe(0);
    expect([...vocabulary.encode("the seas zz")]).toEqual([1, 2, 3, 0]);
    expect([...vocabulary.encode("the seas zz", { skipUnknown: true })]).toEqual([1, 2, 3]);
    expect(vocabulary.decode([1, 2, 3])).toBe("the seas");
  });

  it("writes symbol by symbol what it writes of all: characters of several bytes, and spaces between words", () => {
    for (const [file, written] of [
      ["bytes.json", "the 🙂 é, or the sea"],
      ["pieces.json", "the seas the sea"],
    ] as const) {
      const vocabulary = readTokenizer(at(file));
      const numbers = [...vocabulary.encode(written)];
      for (let prompt = 1; prompt < numbers.length; prompt++) {
        const before = vocabulary.decode(numbers.slice(0, prompt));
        if (before.endsWith("\ufffd")) continue;
        const next = decoding(vocabulary, numbers.slice(0, prompt));
        expect(before + numbers.slice(prompt).map(next).join("")).toBe(written);
      }
    }
  });

  it("is given a long text in pieces that end with a line, wherever the parts of the text end", () => {
    const vocabulary = readTokenizer(at("bytes.json"));
    const long = text.repeat(50);
    const cut = (size: number) => long.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    const whole = [...vocabulary.wholeSymbols([long])];
    expect(whole).toHaveLength(3);
    expect(whole.slice(0, -1).every((piece) => piece.endsWith("\n") && piece.length > 2 ** 16)).toBe(true);
    expect([...vocabulary.wholeSymbols(cut(999))]).toEqual(whole);
  });
});

describe("train text --tokenizer", () => {
  it("reads subwords, and keeps the tokenizer in the run's folder", () => {
    const [start] = jsonLines(readFileSync(at("run", "metrics.jsonl"), "utf8"));
    const length = readTokenizer(at("bytes.json")).encode(text).length;
    expect(start).toMatchObject({ level: "subword", characters: { total: length, different: 260 } });
    const kept = JSON.parse(readFileSync(at("run", "vocabulary.json"), "utf8"));
    expect(kept.tokenizer).toEqual(byteLevel);
    expect(readFileSync(at("run", "report.html"), "utf8")).toContain("trained to predict the next token");
  });

  it("needs the file no longer: the run goes on, is measured and writes without it", () => {
    writeFileSync(at("bytes.json"), "gone");
    const goesOn = longspan(folder, "train", "text", "--resume", "--steps", "8", "--out", "run");
    expect([goesOn.stderr, goesOn.code]).toEqual(["", 0]);
    const { code, stdout } = longspan(folder, "eval", "run", "sea.txt", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      level: "subword",
      bitsPerToken: expect.any(Number),
      unknown: 0,
    });
    expect(longspan(folder, "sample", "run", "--length", "20", "--prompt", "the é").stdout).toMatch(/^the é/);
    writeFileSync(at("bytes.json"), JSON.stringify(byteLevel));
  });

  it("opens in the library, which cuts with what it is handed", () => {
    const { vocabulary } = openRun(at("run"), "text");
    expect(vocabulary.symbols).toEqual(pieces);
    expect(() => vocabulary.encode("the")).toThrow(
      "vocabulary.encode: a tokenizer cuts these texts, and none was given",
    );
    const tokenizer = (stored: unknown) => {
      const cutter = new Tokenizer(stored as object, {});
      return {
        encode: (text: string) => cutter.encode(text, { add_special_tokens: false }).ids,
        decode: (numbers: readonly number[]) => cutter.decode([...numbers], {}),
      };
    };
    const { vocabulary: cutting } = openRun(at("run"), "text", { tokenizer });
    expect([...cutting.encode("the")]).toEqual([257]);
    expect(cutting.decode([257, 256])).toBe("theth");
  });

  it("answers texts", () => {
    writeFileSync(at("lines.txt"), "the café\nthe\n");
    const { code, stdout, stderr } = longspan(folder, "predict", "run", "lines.txt", "--length", "5");
    expect([stderr, code]).toEqual(["", 0]);
    const [first, second] = jsonLines(stdout);
    expect(first).toMatchObject({ line: 1, predictions: 6 });
    expect(second).toMatchObject({ line: 2, predictions: 0, nats: null });
    const drawn = longspan(folder, "sample", "run", "--prompt", "the", "--length", "5", "--temperature", "0");
    expect(`the${second!.continuation}`.trimEnd()).toBe(drawn.stdout.trimEnd());
  });

  const fails = (name: string, args: readonly string[], message: RegExp, code = 1) =>
    it(name, () => {
      const found = longspan(folder, "train", "text", "sea.txt", ...args, "--out", "bad");
      expect(found.stderr).toMatch(message);
      expect([found.code, found.stderr.trim().split("\n").length]).toEqual([code, 1]);
    });
  fails("no such file", ["--tokenizer", "none.json"], /^error: cannot read none\.json: no such file/);
  fails(
    "no JSON",
    ["--tokenizer", "sea.txt"],
    /^error: sea\.txt is no tokenizer: it is not JSON \(.*\); give a tokenizer\.json/,
  );
  it("something else", () => writeFileSync(at("else.json"), "{}"));
  fails(
    "no tokenizer",
    ["--tokenizer", "else.json"],
    /^error: else\.json is no tokenizer that can be used: .*; give a tokenizer\.json/,
  );
  fails(
    "no tokenizer named",
    ["--level", "subword"],
    /^error: --level subword needs a tokenizer that cuts the text; name its file with --tokenizer/,
    2,
  );
  fails(
    "another level",
    ["--level", "word", "--tokenizer", "bytes.json"],
    /--tokenizer bytes\.json has no effect .*--level subword/,
    2,
  );
});

describe("a stored vocabulary of subwords", () => {
  it("says what is wrong with it", () => {
    const subword = { level: "subword", symbols: ["a", "b"] };
    expect(() => vocabularyFrom({ ...subword, unknown: 2 })).toThrow(
      "vocabulary: unknown is null, or the number of a symbol below 2, got 2",
    );
    expect(() => vocabularyFrom({ ...subword, symbols: [1] })).toThrow("symbol 0 is 1, expected a text");
    expect(() => vocabularyFrom(subword, { encode: () => [7], decode: () => "" }).encode("a")).toThrow(
      "vocabulary.encode: the tokenizer gave 7, which is not below its 2 subwords",
    );
    expect(storedVocabulary(characterVocabulary("ab"))).toEqual({ level: "char", symbols: ["a", "b"] });
  });
});
