import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openRun } from "longspan/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInputs } from "../../src/jobs/tag/inputs.js";
import { sentencesOf } from "../../src/jobs/tag/read-file.js";
import { TableError } from "../../src/tables/index.js";
import { freshFolder, jsonLines, longspan } from "../command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...names: string[]) => join(folder, ...names);

/** Names of persons and places, told by the word before them; 60 sentences. */
const names = Array.from({ length: 60 }, (_, i) => {
  const [first, last] = [`Ada${"bcdfg"[i % 5]}`, `King${"mnp"[i % 3]}`];
  return i % 2 === 0
    ? [
        ["by", "O"],
        [first, "B-PER"],
        [last, "I-PER"],
        [".", "O"],
      ]
    : [
        ["in", "O"],
        [last, "B-LOC"],
        ["now", "O"],
      ];
});
const conll = (sentences: readonly (readonly (readonly string[])[])[]) =>
  sentences.map((tokens) => `${tokens.map((columns) => columns.join(" ")).join("\n")}\n`).join("\n");
const small = [
  "--hidden",
  "8",
  "--features",
  "4",
  "--characters",
  "4",
  "--batch",
  "8",
  "--lr",
  "0.03",
  "--warm-up",
  "5",
];

beforeAll(() => {
  writeFileSync(at("names.txt"), conll(names));
  const args = ["train", "tag", "names.txt", ...small, "--steps", "150", "--json", "--out", "run"];
  const { stderr, code } = longspan(folder, ...args);
  expect([stderr, code]).toEqual(["", 0]);
});

describe("train tag", () => {
  it("tells what it reads, and how the tags write spans", () => {
    const [start] = jsonLines(readFileSync(at("run", "metrics.jsonl"), "utf8")) as [Record<string, unknown>];
    expect(start).toMatchObject({ examples: { train: 54, valid: 6 } });
    expect((start.summary as string[][]).at(-1)).toEqual([
      "tags",
      "spans of LOC, PER, written in IOB2, read as conlleval does",
    ]);
  });

  it("learns names, with precision, recall and F1 of each type, on the page too", () => {
    const done = jsonLines(readFileSync(at("run", "metrics.jsonl"), "utf8")).at(-1)!;
    expect(done).toMatchObject({ event: "done", valid: { f1: 1, accuracy: 1 } });
    expect(done.details).toMatchObject({
      scheme: "IOB2",
      mode: "conll",
      perType: [
        { type: "LOC", f1: 1 },
        { type: "PER", f1: 1 },
      ],
    });
    const page = readFileSync(at("run", "report.html"), "utf8");
    expect(page).toContain("<h2>Spans by type</h2>");
    expect(page).toContain('<th scope="row">PER</th><td>100.0 %</td>');
  });

  it("opens in the library, and gives tags and spans", async () => {
    const { predictor, encoding } = openRun(at("run"), "tag");
    expect(encoding.tags).toEqual(["B-LOC", "B-PER", "I-PER", "O"]);
    const asked = predictor();
    const [found] = await asked.predict([asked.read("by Adab Kingz .")]);
    expect(found).toEqual({
      tokens: ["by", "Adab", "Kingz", "."],
      tags: ["O", "B-PER", "I-PER", "O"],
      spans: [{ type: "PER", begin: 1, end: 3, text: "Adab Kingz" }],
    });
  });

  it("goes on bit for bit", () => {
    const settings = [...small, "--schedule", "constant", "--valid-every", "10"];
    const begin = (steps: string, out: string) =>
      longspan(folder, "train", "tag", "names.txt", ...settings, "--steps", steps, "--out", out).code;
    expect([begin("40", "whole"), begin("20", "parts")]).toEqual([0, 0]);
    expect(longspan(folder, "train", "tag", "--resume", "--steps", "40", "--out", "parts").code).toBe(0);
    const weights = (run: string) => readFileSync(at(run, "weights.safetensors"));
    expect(weights("whole").equals(weights("parts"))).toBe(true);
  });

  it("is measured on another file, by another format", () => {
    const lines = names
      .slice(0, 4)
      .map((tokens) => ({ tokens: tokens.map(([token]) => token), tags: tokens.map(([, tag]) => tag) }));
    writeFileSync(at("other.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const { stdout, stderr, code } = longspan(folder, "eval", "run", "other.jsonl", "--json");
    expect([stderr, code]).toEqual(["", 0]);
    expect(JSON.parse(stdout)).toMatchObject({ examples: 4, f1: 1, accuracy: 1 });
  });

  it("says what is wrong with a file in one line", () => {
    writeFileSync(at("bad.conllu"), "1\tgo\t_\tVERB\n");
    const found = longspan(folder, "train", "tag", "bad.conllu", "--out", "bad");
    expect([found.code, found.stdout]).toEqual([1, ""]);
    expect(found.stderr).toMatch(
      /^error: bad\.conllu, line 1: 4 columns, expected 10 with tabs between them .*\n$/,
    );
  });
});

/** What is read of a file. */
async function read(name: string, contents: string | Uint8Array, options: object = {}): Promise<unknown[]> {
  writeFileSync(at(name), contents);
  const found: unknown[] = [];
  for await (const sentence of sentencesOf(at(name), {
    format: "auto",
    word: "auto",
    tag: "auto",
    tagged: true,
    ...options,
  }))
    found.push(
      sentence instanceof TableError
        ? sentence.message.slice(sentence.path.length)
        : [sentence.tokens, sentence.tags],
    );
  return found;
}
const conllu = "# text = go\n1\tgo\t_\tVERB\t_\t_\t_\t_\t_\t_\n";

describe("a file of sentences", () => {
  it("is known by its name, or by its first lines; gzip is unpacked", async () => {
    const wanted = [[["go"], ["VERB"]]];
    expect(await read("a.conllu", conllu)).toEqual(wanted);
    expect(await read("b.conllu.gz", gzipSync(conllu))).toEqual(wanted);
    expect(await read("c.txt", conllu)).toEqual(wanted);
    expect(await read("d.txt", conllu.slice(12))).toEqual(wanted);
    expect(await read("e.txt", '\n{"tokens":["go"],"tags":["VERB"]}\n')).toEqual(wanted);
    expect(await read("f.txt", "\ufeffgo VERB\r\n")).toEqual(wanted);
  });

  it("of JSON lines: lists of texts, or texts with white space between tokens", async () => {
    const text =
      '{"tokens":"a b","tags":["X","Y"]}\n{"words":["a"],"tags":["X"]}\n{"tokens":["a",""],"tags":["X","Y"]}\nno\n{"tokens":["a"],"tags":["X","Y"]}\n';
    expect(await read("lists.jsonl", text)).toEqual([
      [
        ["a", "b"],
        ["X", "Y"],
      ],
      ', line 2, column "tokens": nothing stands here, expected a list of tokens',
      ', line 3, column "tokens": token 2 is "", expected a text that is not empty',
      expect.stringMatching(/^, line 4: not JSON/),
      ', line 5, column "tags": 2 tags for 1 tokens; each token has one',
    ]);
  });

  it("goes on behind a bad sentence", async () => {
    expect(await read("bad.txt", "a X\nb\nc Y\n\nd Z\n")).toEqual([
      ", line 2: 1 column, expected 2 as in line 1",
      [["d"], ["Z"]],
    ]);
  });

  it("is read for predictions without its tags, by its name", async () => {
    const inputs = async (name: string, text: string) => {
      writeFileSync(at(name), text);
      const found: unknown[] = [];
      for await (const input of readInputs(at(name), {})!) found.push(input);
      return found;
    };
    expect(await inputs("ask.conllu", `${conllu.replace("VERB", "_")}\n1\tx\n`)).toEqual([
      { line: 2, value: { tokens: ["go"] } },
      {
        line: 4,
        problem: expect.objectContaining({ what: expect.stringContaining("2 columns, expected 10") }),
      },
    ]);
    expect(readInputs("ask.txt", {})).toBe(null);
  });
});
