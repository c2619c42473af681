import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateText } from "longspan";
import { openRun } from "longspan/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...names: string[]) => join(folder, ...names);
/** Three lines as Penn Treebank has them, 60 times: 13 tokens and 3 line ends, of which 2 are <unk>. */
const text = " the <unk> sat on it \n a N % share did n't \n no <unk> \n".repeat(60);
const small = ["--hidden", "8", "--features", "4", "--batch", "4", "--seq", "16", "--steps", "20"];

beforeAll(() => {
  writeFileSync(at("ptb.txt"), text);
  const args = ["train", "text", "ptb.txt", "--level", "token", ...small, "--json", "--out", "run"];
  expect(longspan(folder, ...args).code).toBe(0);
});

describe("train text --level token", () => {
  it("reads what stands between white space, and the end of a line; <unk> is one word of the text", () => {
    const [start] = jsonLines(readFileSync(at("run", "metrics.jsonl"), "utf8"));
    expect(start).toMatchObject({
      level: "token",
      characters: { total: 60 * 16, train: 864, valid: 96, different: 13, unknown: 120 },
    });
    const { symbols } = openRun(at("run"), "text").vocabulary;
    expect(symbols).toEqual([
      "<unk>",
      "\n",
      "%",
      "N",
      "a",
      "did",
      "it",
      "n't",
      "no",
      "on",
      "sat",
      "share",
      "the",
    ]);
    expect(readFileSync(at("run", "report.html"), "utf8")).toContain("trained to predict the next token");
  });

  it("is measured per token: perplexity", async () => {
    writeFileSync(at("other.txt"), "the cat sat \n");
    const { code, stdout, stderr } = longspan(folder, "eval", "run", "other.txt", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { model, params, vocabulary } = openRun(at("run"), "text");
    const { nats } = await evaluateText(model, params, vocabulary.encode("the cat sat \n"));
    expect(JSON.parse(stdout)).toMatchObject({
      level: "token",
      predictions: 3,
      unknown: 1,
      nats: expect.closeTo(nats, 6),
      bitsPerToken: expect.closeTo(nats / Math.LN2, 6),
    });
    expect(longspan(folder, "eval", "run", "other.txt").stdout).toMatch(
      /^other\.txt: \d\.\d{4} nats per token \(\d\.\d{4} bits\), perplexity \d+\.\d, over 3 tokens, 25\.0 % of them unknown, in/,
    );
  });

  it("writes tokens with a space after each, and <unk> never", () => {
    const { code, stdout } = longspan(folder, "sample", "run", "--length", "40", "--prompt", "the");
    expect(code).toBe(0);
    expect(stdout).not.toContain("<unk>");
    expect(stdout).toMatch(/^the [%\w\n]/);
  });

  it("keeps the most frequent tokens only, as many as asked for", () => {
    const args = [
      "train",
      "text",
      "ptb.txt",
      "--level",
      "token",
      ...small,
      "--vocabulary",
      "4",
      "--out",
      "few",
    ];
    expect(longspan(folder, ...args).code).toBe(0);
    expect(openRun(at("few"), "text").vocabulary.symbols).toEqual(["<unk>", "\n", "%", "N"]);
    expect(longspan(folder, "train", "text", "--resume", "--steps", "22", "--out", "few").code).toBe(0);
  });
});
