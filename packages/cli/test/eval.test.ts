import { readFileSync, writeFileSync } from "node:fs";
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
  writeFileSync(at("long.txt"), other.repeat(8));
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
  const { model, params, vocabulary } = await readRun(at(run));
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
    "bad.txt is too short: two characters are needed for one prediction, and it has 1",
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

describe("eval --lengths", () => {
  it("measures a text in pieces of these lengths too, and says which training had", async () => {
    const { code, stdout, stderr } = longspan(
      folder,
      "eval",
      "run",
      "long.txt",
      "--lengths",
      "700,4",
      "--json",
    );
    expect([code, stderr]).toEqual([0, ""]);
    const { lengths } = JSON.parse(stdout) as { lengths: { length: number; seen: boolean; nats: number }[] };
    // Four streams of 513 characters each: nine tenths of 2,280 are trained on.
    expect(lengths.map(({ length, seen }) => [length, seen])).toEqual([
      [4, true],
      [700, false],
    ]);
    const { model, params, vocabulary } = await readRun(at("run"));
    const symbols = vocabulary.encode(readFileSync(at("long.txt"), "utf8"));
    for (const { length, nats } of lengths)
      expect(nats).toBeCloseTo((await evaluateText(model, params, symbols, { length })).nats, 6);
    const words = longspan(folder, "eval", "run", "long.txt", "--lengths", "512,513").stdout.split("\n");
    expect(words.slice(1)).toEqual([
      expect.stringMatching(
        /^length 512, seen in training: \d\.\d{3} nats per character \(\d\.\d{3} bits\)$/,
      ),
      expect.stringMatching(/^length 513, not seen in training: /),
      "",
    ]);
  });

  it("a problem makes its sequences itself", () => {
    const command = ["train", "synthetic", "copy-memory", "--length", "4", "--hidden", "4", "--steps", "2"];
    expect(longspan(folder, ...command, "--out", "problem", "--json").code).toBe(0);
    const { code, stdout } = longspan(folder, "eval", "problem", "--lengths", "9,4", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      event: "eval",
      run: "problem",
      problem: "copy-memory",
      fresh: { sequences: 10_000 },
      lengths: [
        { length: 4, seen: true, sequences: 10_000 },
        { length: 9, seen: false, sequences: 10_000 },
      ],
    });
    expect(longspan(folder, "eval", "problem", "--lengths", "9").stdout).toMatch(
      /^copy-memory, length 4: [\d.]+ % wrong .*\nlength 9, not seen in training: [\d.]+ % wrong /,
    );
  });

  it.each([
    [
      ["run", "other.txt", "--lengths", "400"],
      1,
      "error: other.txt is too short: 401 characters are needed for pieces of 400, and it has 105\n",
    ],
    [["run"], 2, "error: the path of a text is missing: a run of longspan train text is measured on a text"],
    [
      ["run", "other.txt", "--lengths", "4-8"],
      2,
      "Expected whole numbers of at least 1 with commas between them",
    ],
    [["problem", "other.txt"], 2, "other.txt has no effect on a run of longspan train synthetic"],
  ] as const)("%s", (args, exit, message) => {
    const { code, stderr } = longspan(folder, "eval", ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(exit);
  });
});
