import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRun } from "longspan/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
const asked = (input: string, ...args: string[]) =>
  spawnSync(process.execPath, [bin, "predict", ...args], { cwd: folder, encoding: "utf8", input });

interface Answer {
  readonly line: number;
  readonly id?: string;
  readonly predictions: number;
  readonly nats: number;
  readonly perplexity: number;
  readonly next: readonly { readonly symbol: string; readonly probability: number }[];
  readonly continuation?: string;
}
const answers = (stdout: string) => jsonLines(stdout) as unknown as Answer[];

beforeAll(() => {
  write("text.txt", "the cat sat on the mat; the rat ran.\n".repeat(60));
  const small = ["--hidden", "12", "--features", "6", "--batch", "4", "--seq", "16", "--steps", "40"];
  for (const [out, ...more] of [["chars"], ["words", "--level", "word", "--vocabulary", "3"]]) {
    const { code, stderr } = longspan(folder, "train", "text", "text.txt", ...small, ...more, "--out", out!);
    expect([stderr, code]).toEqual(["", 0]);
  }
});

describe("longspan predict, of a run on a text", () => {
  const texts = ["the cat", "the rat sat on the mat; a", "t"];

  it("says of each line what eval says of it, and what sample draws without chance", () => {
    const { stdout, stderr, status } = asked(`${texts.join("\n")}\n`, "chars", "--length", "9", "--top", "3");
    expect([stderr, status]).toEqual(["", 0]);
    const found = answers(stdout);
    expect(found.map(({ line }) => line)).toEqual([1, 2, 3]);
    for (const [i, text] of texts.entries()) {
      const { predictions, nats, perplexity, next, continuation } = found[i]!;
      expect(predictions).toBe(text.length - 1);
      expect(next).toHaveLength(3);
      const drawn = longspan(
        folder,
        "sample",
        "chars",
        "--prompt",
        text,
        "--length",
        "9",
        "--temperature",
        "0",
      );
      expect(`${text}${continuation}`.trimEnd()).toBe(drawn.stdout.trimEnd());
      expect(continuation).toHaveLength(9);
      expect(continuation![0]).toBe(next[0]!.symbol);
      if (text.length === 1) {
        expect([nats, perplexity]).toEqual([null, null]);
        continue;
      }
      write("one.txt", text);
      const told = JSON.parse(longspan(folder, "eval", "chars", "one.txt", "--json").stdout);
      expect(told.predictions).toBe(predictions);
      expect(nats).toBeCloseTo(told.nats, 5);
      expect(perplexity).toBe(Math.exp(nats));
    }
  });

  it("an answer is that of the text alone; the probabilities of all symbols add up to 1", async () => {
    const predictor = openRun(join(folder, "chars"), "text").predictor({ top: 1000, length: 4 });
    const read = texts.map((text) => predictor.read(text));
    const together = (await predictor.predict(read)) as Answer[];
    for (const [i, one] of read.entries()) expect(await predictor.predict([one])).toEqual([together[i]]);
    for (const { next } of together) {
      expect(next.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
      const shares = next.map(({ probability }) => probability);
      expect(shares).toEqual([...shares].sort((a, b) => b - a));
    }
    expect(await predictor.predict([])).toEqual([]);
  });

  it("reads records, and names what it cannot read by line and column", () => {
    write("some.jsonl", '{"id": "a", "text": "the cat"}\n{"text": "a Ä"}\n{"text": ""}\n{"no": 1}\n7\n');
    const { stdout, stderr, status } = asked("", "chars", "some.jsonl", "--skip-bad");
    expect(answers(stdout).map(({ line, id }) => [line, id])).toEqual([[1, "a"]]);
    const kind = "an input is a text, or a record { text }";
    expect(stderr).toBe(
      `some.jsonl, line 2: text: the character "Ä" (U+00C4), character 2 of the text counted from 0, is not among the 14 of the vocabulary; ${kind}
some.jsonl, line 3: text: the text is empty; ${kind}
some.jsonl, line 4: text: the text is missing; ${kind}
some.jsonl, line 5: 7 is no text; ${kind}
4 inputs left out, 1 answer given
`,
    );
    expect(status).toBe(0);
    const stops = asked("the Ä\n", "chars");
    expect(stops.stderr).toMatch(
      /^error: standard input, line 1, column 5: .*; --skip-bad names such inputs/,
    );
    expect(stops.status).toBe(1);
  });

  it("counts unknown words, and never goes on with one", () => {
    const [found] = answers(asked("the dog sat on the cow\n", "words", "--length", "12").stdout);
    const { unknown } = found as unknown as { unknown: number };
    const { vocabulary, predictor } = openRun(join(folder, "words"), "text");
    const numbers = vocabulary.encode("the dog sat on the cow");
    expect(unknown).toBe(numbers.filter((n) => n === vocabulary.unknown).length);
    expect(unknown).toBeGreaterThan(2);
    // The most probable one, so that the continuation has to leave it out.
    expect(predictor().read("the dog")).toContain(vocabulary.unknown);
    expect(found!.next.map(({ symbol }) => symbol)).toContain("<unk>");
    expect(found!.continuation).not.toContain("<unk>");
    expect(found!.continuation!.length).toBeGreaterThan(0);
  });
});

describe("longspan predict, of a run on a synthetic problem", () => {
  it("the output of each step, as a stream has it", () => {
    const small = ["--length", "12", "--steps", "3", "--hidden", "6", "--out", "adding"];
    expect(longspan(folder, "train", "synthetic", "adding", ...small).code).toBe(0);
    const rows = [
      [0.25, 1],
      [0.5, -1],
      [0.75, 0],
    ];
    const input = `${JSON.stringify(rows)}\n{"id": 3, "values": [[1, 0]]}\n[[1]]\n[[1, null]]\n"no"\n`;
    const { stdout, stderr, status } = asked(input, "adding", "--skip-bad");
    const { model, params } = openRun(join(folder, "adding"), "synthetic");
    const stream = model.stream(params);
    const expected = rows.map((row) => Array.from(stream.step(row)));
    stream.reset();
    const other = Array.from(stream.step([1, 0]));
    stream.dispose();
    expect(jsonLines(stdout)).toEqual([
      { line: 1, output: expected },
      { line: 2, id: 3, output: [other] },
    ]);
    const kind =
      "an input is a list of rows of 2 numbers, one for each step, or a record { values } with such a list";
    expect(stderr).toBe(
      `standard input, line 3: values[0]: 1 numbers, expected 2, as many as features; ${kind}
standard input, line 4: values[0]: a number is missing; ${kind}
standard input, line 5: values: "no" is no list of numbers, one for each step or a list for each; ${kind}
3 inputs left out, 2 answers given
`,
    );
    expect(status).toBe(0);
    const refused = asked("", "adding", "--length", "3");
    expect([refused.stderr, refused.status]).toEqual([
      "error: --length has no effect on a run of longspan train synthetic; leave it out\n",
      2,
    ]);
  });
});
