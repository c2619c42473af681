import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alignments, type PairsDetails } from "longspan";
import { openRun } from "longspan/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPairs } from "../../src/jobs/pairs/read-pairs.js";
import { bin, freshFolder, jsonLines, longspan } from "../command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...names: string[]) => join(folder, ...names);

/** Words of two or three letters, and their letters in capitals as tokens. */
const words = ["a", "b", "c", "d"].flatMap((x) => ["a", "b", "c"].flatMap((y) => [x + y, `${x}${y}a`]));
const upper = (word: string) => Array.from(word.toUpperCase()).join(" ");
const tabs = words.map((word) => `${word}\t${upper(word)}\tignored\n`).join("");
const small = [
  "--hidden",
  "16",
  "--features",
  "8",
  "--batch",
  "8",
  "--lr",
  "0.02",
  "--warm-up",
  "5",
  "--dropout",
  "0",
];
const levels = ["--target-level", "token"];

beforeAll(() => {
  writeFileSync(at("words.tsv"), tabs);
  const args = [
    "train",
    "pairs",
    "words.tsv",
    ...small,
    ...levels,
    "--steps",
    "120",
    "--json",
    "--out",
    "run",
  ];
  const { stderr, code } = longspan(folder, ...args);
  expect([stderr, code]).toEqual(["", 0]);
});

describe("train pairs", () => {
  it("learns to write, and is measured by exact match, symbol error, BLEU and chrF", () => {
    const events = jsonLines(readFileSync(at("run", "metrics.jsonl"), "utf8"));
    expect(events[0]).toMatchObject({ examples: { train: 22, valid: 2 } });
    expect(events.at(-1)).toMatchObject({
      event: "done",
      valid: { exact: 1, sequenceError: 0, symbolError: 0, chrF: 1 },
      details: { written: 2 },
    });
    const page = readFileSync(at("run", "report.html"), "utf8");
    expect(page).toContain("<h2>What it writes</h2>");
    expect(page).toContain("of 2 held-out sources");
  });

  it("shows where it looked while it wrote", () => {
    const { details } = jsonLines(readFileSync(at("run", "metrics.jsonl"), "utf8")).at(-1) as never as {
      details: PairsDetails;
    };
    expect(details.attention).toHaveLength(2);
    const { model, params } = openRun(at("run"), "pairs");
    const page = readFileSync(at("run", "report.html"), "utf8");
    for (const [k, { source, written, weights }] of details.attention.entries()) {
      const sample = details.samples[k]!;
      expect(source).toEqual([...sample.source, null]);
      expect(written).toEqual([...sample.found.split(" "), null]);
      // Numbers of the symbols: 0 to 2 are the beginning, the end and what is unknown.
      const numbers = (symbols: readonly (string | null)[], side: "source" | "target") =>
        symbols.map((symbol) => (symbol === null ? 1 : 3 + model.vocabulary[side].symbols.indexOf(symbol)));
      const asked = [numbers(source, "source")];
      const [expected] = alignments(model.net, params, asked, [numbers(written, "target").slice(0, -1)], {
        begin: 0,
      });
      expect(weights).toHaveLength(written.length);
      for (const [row, found] of weights.entries())
        for (const [column, weight] of found.entries()) {
          expect(weight).toBeCloseTo(expected![row]![column]!, 3);
          const title = `${written[row] ?? "end"} looks at ${source[column] ?? "end"}: ${weight.toFixed(2)}`;
          expect(page).toContain(`fill-opacity="${weight}"><title>${title}</title>`);
        }
    }
    expect(page.match(/class="attention"/g)).toHaveLength(2);
  });

  it("validations have some sources written, eval all", () => {
    const more = [...small, ...levels, "--valid", "0.3", "--written", "3", "--steps", "2", "--no-attention"];
    expect(longspan(folder, "train", "pairs", "words.tsv", ...more, "--out", "some").code).toBe(0);
    const { details } = jsonLines(readFileSync(at("some", "metrics.jsonl"), "utf8")).at(-1)!;
    expect(details).toMatchObject({ written: 3, attention: [] });
    expect(readFileSync(at("some", "report.html"), "utf8")).not.toContain("Where it looks");
    const told = JSON.parse(longspan(folder, "eval", "some", "--json").stdout);
    expect(told).toMatchObject({ examples: 7, details: { written: 7 } });
    // Evenly spread over what was held out, whose order is that of the file.
    const wanted = (of: object) => (of as PairsDetails).samples.map(({ source }) => source);
    const all = wanted(told.details);
    expect(wanted(details as object)).toEqual([all[0], all[2], all[4]]);
  });

  it("opens in the library, and writes", async () => {
    const { predictor, vocabulary } = openRun(at("run"), "pairs");
    expect(vocabulary.target).toMatchObject({ level: "token" });
    const asked = predictor({ beam: 3 });
    const found = (await asked.predict([asked.read("dba"), asked.read({ source: "cb" })])) as {
      target: string;
    }[];
    expect(found.map(({ target }) => target)).toEqual(["D B A", "C B"]);
  });

  it("goes on bit for bit", () => {
    const settings = [...small, ...levels, "--schedule", "constant", "--valid-every", "10"];
    const begin = (steps: string, out: string) =>
      longspan(folder, "train", "pairs", "words.tsv", ...settings, "--steps", steps, "--out", out).code;
    expect([begin("30", "whole"), begin("10", "parts")]).toEqual([0, 0]);
    expect(longspan(folder, "train", "pairs", "--resume", "--steps", "30", "--out", "parts").code).toBe(0);
    const weights = (run: string) => readFileSync(at(run, "weights.safetensors"));
    expect(weights("whole").equals(weights("parts"))).toBe(true);
  });

  it("is measured on another file, and looked into", () => {
    writeFileSync(
      at("other.jsonl"),
      '{"source":"cba","target":"C B A"}\n{"source":"ab","target":"X"}\n{"source":"ab","target":"A B"}\n',
    );
    const { stdout, stderr, code } = longspan(folder, "eval", "run", "other.jsonl", "--json");
    expect([stderr, code]).toEqual(["", 0]);
    expect(JSON.parse(stdout)).toMatchObject({ examples: 3, exact: 1, details: { written: 2 } });
    expect(longspan(folder, "inspect", "run").code).toBe(0);
  });

  it("translates line by line, and predicts records, from files and in a pipe", () => {
    writeFileSync(at("ask.txt"), "dba\n\ncb\n");
    const lines = longspan(folder, "translate", "run", "ask.txt", "--beam", "2", "--batch", "1");
    expect([lines.stderr, lines.stdout, lines.code]).toEqual(["", "D B A\n\nC B\n", 0]);
    const piped = execFileSync(process.execPath, [bin, "predict", "run"], {
      cwd: folder,
      input: "cb\n",
      encoding: "utf8",
    });
    expect(JSON.parse(piped)).toMatchObject({
      line: 1,
      source: "cb",
      target: "C B",
      logProbability: expect.any(Number),
    });
  });

  it("says what is wrong with a file in one line", () => {
    writeFileSync(at("one.txt"), "only a source\n");
    const found = longspan(folder, "train", "pairs", "one.txt", "--out", "bad");
    expect([found.code, found.stdout]).toEqual([1, ""]);
    expect(found.stderr).toBe(
      "error: one.txt, line 1: 1 column, expected 2 with a tab between them; of two files with a text a line, the second is named with --target\n",
    );
  });
});

describe("pairs are read", () => {
  const usual = { target: null, sourceColumn: "auto", targetColumn: "auto" };
  const read = (name: string, text: string, settings: object = {}) => {
    writeFileSync(at(name), text);
    return readPairs(at(name), { ...usual, ...settings });
  };

  it("from columns between tabs, as they are", async () => {
    expect(await read("t.tsv", '"a" b\tc\n\nd\te\tf\n')).toEqual([
      { source: '"a" b', target: "c" },
      { source: "d", target: "e" },
    ]);
    expect(await read("t.txt", "a\tb\tc\n", { sourceColumn: "3", targetColumn: "1" })).toEqual([
      { source: "c", target: "a" },
    ]);
    await expect(read("e.tsv", "a\tb\na\t \n")).rejects.toThrow(
      'e.tsv, line 2, column "2": is empty, expected a text',
    );
    await expect(read("n.tsv", "a\tb\n", { sourceColumn: "english" })).rejects.toThrow(
      "--source-column english: these columns have no names",
    );
    await expect(read("z.tsv", "\n")).rejects.toThrow("z.tsv has no pairs");
  });

  it("from tables, by the names of their columns", async () => {
    expect(await read("p.csv", 'target,source\n"x, y",a\n')).toEqual([{ source: "a", target: "x, y" }]);
    expect(
      await read("p.jsonl", '{"en":"a","fr":"b"}\n', { sourceColumn: "fr", targetColumn: "en" }),
    ).toEqual([{ source: "b", target: "a" }]);
    await expect(read("q.csv", "a,b\n1,2\n")).rejects.toThrow("source");
  });

  it("from two files, line by line", async () => {
    writeFileSync(at("fr.txt"), "un\ndeux\n");
    expect(await read("en.txt", "one\ntwo\n", { target: at("fr.txt") })).toEqual([
      { source: "one", target: "un" },
      { source: "two", target: "deux" },
    ]);
    await expect(read("en.txt", "one\n", { target: at("fr.txt") })).rejects.toThrow("en.txt has 1 lines and");
    await expect(read("en.txt", "one\n\n", { target: at("fr.txt") })).rejects.toThrow(
      "en.txt, line 2: is empty, expected a text",
    );
  });
});
