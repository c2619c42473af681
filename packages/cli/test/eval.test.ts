import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateText } from "longspan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRun } from "../src/jobs/text/read.js";
import { freshFolder, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);
const other = "the dog sat on a log; the cog ran.\n".repeat(3);

beforeAll(() => {
  writeFileSync(at("text.txt"), "the dog sat on a log; the cog ran. ax\n".repeat(60));
  writeFileSync(at("other.txt"), other);
  const small = [
    "--hidden",
    "8",
    "--features",
    "4",
    "--batch",
    "4",
    "--seq",
    "16",
    "--steps",
    "20",
    "--json",
  ];
  expect(longspan(folder, "train", "text", "text.txt", ...small, "--out", "run").code).toBe(0);
  const words = ["--level", "word", "--vocabulary", "8", "--out", "words"];
  expect(longspan(folder, "train", "text", "text.txt", ...small, ...words).code).toBe(0);
});

/** What the library says of the same model and text. */
async function expected(run: string): Promise<{ nats: number; predictions: number }> {
  const { model, params, vocabulary } = readRun(at(run));
  return evaluateText(model, params, vocabulary.encode(other));
}

describe("eval", () => {
  it("measures a text, in nats and bits per character", async () => {
    const { code, stdout, stderr } = longspan(folder, "eval", "run", "other.txt", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { nats, predictions } = await expected("run");
    expect(JSON.parse(stdout)).toEqual({
      event: "eval",
      path: "other.txt",
      run: "run",
      level: "char",
      predictions,
      unknown: 0,
      skipped: 0,
      nats: expect.closeTo(nats, 6),
      bitsPerCharacter: expect.closeTo(nats / Math.LN2, 6),
      perplexity: expect.closeTo(Math.exp(nats), 4),
      seconds: expect.any(Number),
    });
    expect(predictions).toBe(other.length - 1);
    expect(longspan(folder, "eval", "run", "other.txt").stdout).toMatch(
      /^other\.txt: \d\.\d{4} nats per character \(\d\.\d{4} bits\), perplexity \d+\.\d{3}, over 104 characters in \d+\.\d s\n$/,
    );
  });

  it("measures by words what was trained by words; unknown ones count as such", async () => {
    const { code, stdout } = longspan(folder, "eval", "words", "other.txt", "--json");
    expect(code).toBe(0);
    const { nats, predictions } = await expected("words");
    expect(JSON.parse(stdout)).toMatchObject({
      level: "word",
      predictions,
      unknown: 18,
      skipped: 0,
      nats: expect.closeTo(nats, 6),
    });
  });

  it("says how much of a text was unknown", () => {
    expect(longspan(folder, "eval", "words", "other.txt").stdout).toMatch(
      /, perplexity \d+\.\d, over 35 words, 50\.0 % of them unknown, in \d+\.\d s\n$/,
    );
    writeFileSync(at("strange.txt"), `Zz${other}`);
    const skipping = ["eval", "run", "strange.txt", "--skip-unknown"];
    expect(longspan(folder, ...skipping).stdout).toMatch(
      /, over 104 characters, leaving out 2 unknown ones \(1\.9 %\) in \d+\.\d s\n$/,
    );
    const found = JSON.parse(longspan(folder, ...skipping, "--json").stdout);
    const plain = JSON.parse(longspan(folder, "eval", "run", "other.txt", "--json").stdout);
    expect(found).toMatchObject({ predictions: 104, unknown: 2, skipped: 2, nats: plain.nats });
  });

  const fails = (name: string, args: readonly string[], message: string, text?: string | Uint8Array) =>
    it(name, () => {
      if (text !== undefined) writeFileSync(at("bad.txt"), text);
      const { code, stdout, stderr } = longspan(folder, "eval", ...args);
      expect([code, stdout, stderr]).toEqual([1, "", `error: ${message}\n`]);
    });
  fails(
    "a character that the model does not know",
    ["run", "bad.txt"],
    'bad.txt cannot be measured with run: the character "Z" (U+005A), character 4 of the text counted from 0, is not among the 17 of the vocabulary; --skip-unknown leaves such characters out',
    "the Z",
  );
  fails("an empty text", ["run", "bad.txt"], "bad.txt is empty", "");
  fails(
    "a text of one character",
    ["run", "bad.txt"],
    "bad.txt is too short: two characters are needed for one prediction",
    "t",
  );
  fails("no such text", ["run", "none.txt"], "cannot read none.txt: no such file or folder");
  fails("a folder", ["run", "run"], "cannot read run: it is a folder");
  fails(
    "invalid UTF-8",
    ["run", "bad.txt"],
    "bad.txt: not UTF-8: byte 1: 0xFF occurs in no character",
    Uint8Array.of(0x74, 0xff),
  );
  fails("no such run", ["none", "other.txt"], "there is no folder none; see longspan train text --help");
});
