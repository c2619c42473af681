import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRun } from "longspan/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
const read = (name: string) => readFileSync(join(folder, name), "utf8");

/** Texts that are good or bad by a word in them; the bad ones are few. */
const texts = Array.from({ length: 60 }, (_, i) => {
  const isBad = i % 4 === 0;
  return {
    text: `${"abcdefg"[i % 7]}${i} is ${isBad ? "awful" : "lovely"}, said "${i}"`,
    label: isBad ? "bad" : "good",
    w: 1 + (i % 3),
  };
});
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const csv = (rows: typeof texts) =>
  `\ufefftext,label,w\r\n${rows.map(({ text, label, w }) => `${quoted(text)},${label},${w}`).join("\r\n")}\r\n`;
const train = (...more: string[]) =>
  longspan(folder, "train", "classify", ...more, "--hidden", "12", "--features", "8", "--batch", "16");

beforeAll(() => {
  write("texts.csv", csv(texts));
  write(
    "more.jsonl",
    texts
      .slice(0, 8)
      .map((row) => JSON.stringify(row))
      .join("\n"),
  );
});

describe("longspan train classify", () => {
  it("learns texts from a table, evaluates what it held out and other data, and answers", () => {
    const { code, stdout, stderr } = train(
      "texts.csv",
      "--steps",
      "120",
      "--lr",
      "0.02",
      "--balance",
      "--weight",
      "w",
      "--out",
      "run",
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("data      texts.csv: 53 sequences to learn from, 7 held out");
    expect(stdout).toContain("classes   bad 15, good 45");
    const done = jsonLines(read("run/metrics.jsonl")).at(-1)!;
    expect(done).toMatchObject({ event: "done", steps: 120, valid: { accuracy: 1, macroF1: 1 } });
    expect(done.details).toMatchObject({
      labels: ["bad", "good"],
      confusion: [
        [2, 0],
        [0, 5],
      ],
    });
    expect(read("run/report.html")).toContain("Answers: each row the examples of a class");
    expect(longspan(folder, "eval", "run").stdout).toContain("the held-out part of");
    const other = longspan(folder, "eval", "run", "more.jsonl", "--json");
    expect(JSON.parse(other.stdout)).toMatchObject({ event: "eval", examples: 8, accuracy: 1 });
    const { model } = openRun(join(folder, "run"), "classify");
    expect(model.classes).toBe(2);
  });

  it("answers in a pipe: lines, JSON and tables, and names what is none", () => {
    const asked = (input: string, ...more: string[]) =>
      spawnSync(process.execPath, [bin, "predict", "run", ...more], { cwd: folder, encoding: "utf8", input });
    const { stdout } = asked(`${texts[0]!.text}\n\n${texts[1]!.text}\n`);
    expect(jsonLines(stdout).map(({ line, label }) => [line, label])).toEqual([
      [1, "bad"],
      [3, "good"],
    ]);
    const table = longspan(folder, "predict", "run", "texts.csv");
    expect(jsonLines(table.stdout).length).toBe(60);
    const bad = asked(
      '{"id": 7, "text": "a is awful"}\n{"text": 5}\n{"other": "x"}\nno json\n"lovely"\n',
      "--format",
      "jsonl",
      "--skip-bad",
    );
    expect(bad.status).toBe(0);
    expect(jsonLines(bad.stdout).map(({ line, id, label }) => [line, id, label])).toEqual([
      [1, 7, "bad"],
      [2, undefined, expect.any(String)],
      [5, undefined, "good"],
    ]);
    expect(bad.stderr.split("\n").slice(0, 2)).toEqual([
      "standard input, line 3: text: the text is missing; an input is a text, or a record { text } with one",
      expect.stringMatching(/^standard input, line 4(, column \d+)?: not JSON: /),
    ]);
    expect(bad.stderr).toContain("2 inputs left out, 3 answers given");
    const stopped = asked('"lovely"\n{}\n"awful"\n', "--format", "jsonl");
    expect(stopped.status).toBe(1);
    expect(jsonLines(stopped.stdout).length).toBe(1);
    expect(stopped.stderr).toContain("error: standard input, line 2: text: the text is missing");
    expect(stopped.stderr).toContain("--skip-bad names such inputs and goes on");
  });

  it("goes on with the same bits as if it had not been interrupted", () => {
    const options = ["--seed", "3", "--weight", "w", "--valid-every", "5", "--schedule", "constant"];
    train("texts.csv", "--steps", "14", ...options, "--out", "whole");
    train("texts.csv", "--steps", "9", ...options, "--out", "cut");
    const { code } = longspan(folder, "train", "classify", "--resume", "--out", "cut", "--steps", "14");
    expect(code).toBe(0);
    expect(readFileSync(join(folder, "cut/weights.safetensors"))).toEqual(
      readFileSync(join(folder, "whole/weights.safetensors")),
    );
  });

  it("goes on with the same data only", () => {
    write("changed.csv", csv(texts.slice(0, 40)));
    train("changed.csv", "--steps", "2", "--out", "changed");
    write("changed.csv", csv(texts.slice(0, 41)));
    const { code, stderr } = longspan(
      folder,
      "train",
      "classify",
      "--resume",
      "--out",
      "changed",
      "--steps",
      "4",
    );
    expect(code).toBe(1);
    expect(stderr).toContain("changed.csv has changed since changed was begun");
  });

  it("has a cell of the user's own, which the run keeps", () => {
    write(
      "mine.mjs",
      `import { gru } from "longspan";
export default ({ input, hidden }) => gru({ input, hidden });`,
    );
    const { code, stderr } = train("texts.csv", "--steps", "3", "--cell", "./mine.mjs", "--out", "own");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    write("mine.mjs", "export default 5;");
    expect(longspan(folder, "eval", "own").code).toBe(0);
    expect(read("own/cell.mjs")).toContain("gru({ input, hidden })");
    expect(() => openRun(join(folder, "own"))).toThrow(
      'settings.cell is "./mine.mjs", a cell of your own, which was not handed over; give what the run\'s cell.mjs exports as the option cell',
    );
    expect(train("texts.csv", "--cell", "./mine.mjs", "--out", "none").stderr).toContain(
      "./mine.mjs exports a number as default; expected a function from sizes to a cell",
    );
    expect(train("texts.csv", "--cell", "./gone.mjs", "--out", "none").stderr).toContain(
      "cannot read ./gone.mjs",
    );
    write("mine.mjs", `import "./other.mjs"; export default () => 1;`);
    expect(train("texts.csv", "--cell", "./mine.mjs", "--out", "none").stderr).toContain(
      "./mine.mjs imports ./other.mjs; a run keeps the module of a cell as one file",
    );
  });
});

describe("sequences of numbers", () => {
  it("come from a table with a row per step, with missing values, which are said", () => {
    const rows = Array.from({ length: 12 }, (_, s) =>
      Array.from(
        { length: 3 + (s % 3) },
        (_, t) => `s${s},${t === 1 && s === 0 ? "NA" : (s % 2) * 2 + t / 10},${s},${s % 2 ? "up" : "down"}`,
      ),
    ).flat();
    write("steps.csv", `id,a,b,label\n${rows.join("\n")}\n`);
    const { code, stdout } = train(
      "steps.csv",
      "--id",
      "id",
      "--valid",
      "0.25",
      "--steps",
      "5",
      "--out",
      "steps",
    );
    expect(code).toBe(0);
    expect(stdout).toContain("steps     3 to 5, 2 numbers each");
    expect(stdout).toContain("missing   1 number, read as the mean of their column");
    const answers = jsonLines(longspan(folder, "predict", "steps", "steps.csv").stdout);
    expect(answers.map(({ line }) => line).slice(0, 3)).toEqual([2, 5, 9]);
    expect(answers.length).toBe(12);
  });

  it("come from a .ts file and from a folder for each class", () => {
    write(
      "two.ts",
      `#x\n@problemName two\n@classLabel true a b\n@data\n${Array.from({ length: 8 }, (_, i) => `${i},?,2:0,${i % 2},1:${"ab"[i % 2]}`).join("\n")}\n`,
    );
    expect(train("two.ts", "--valid", "0.25", "--steps", "3", "--out", "two").stdout).toContain(
      "steps     3, 2 numbers each",
    );
    expect(jsonLines(longspan(folder, "predict", "two", "two.ts").stdout).length).toBe(8);
    for (const label of ["x", "y"]) {
      mkdirSync(join(folder, "byclass", label), { recursive: true });
      for (let i = 0; i < 4; i++) write(`byclass/${label}/${i}.txt`, `${label}${i}`);
    }
    expect(train("byclass", "--valid", "0.25", "--steps", "3", "--out", "byrun").stdout).toContain(
      "classes   x 4, y 4",
    );
  });
});

describe("mistakes are told in one line, by file, line and column", () => {
  const wrong: [string, string, string[], string][] = [
    ["empty.csv", "", [], "empty.csv: "],
    ["header.csv", "text,label\n", [], "header.csv holds no sequence"],
    [
      "columns.csv",
      "text,lable\na,b\n",
      [],
      'columns.csv: there is no column "label" (did you mean lable?); the columns are "text", "lable"',
    ],
    ["ragged.csv", "text,label\na,b\nc\n", [], "ragged.csv, line 3: "],
    [
      "unlabelled.csv",
      "text,label\na,x\nb,\n",
      [],
      'unlabelled.csv, line 3, column "label": nothing stands here, expected a text',
    ],
    [
      "one.csv",
      "text,label\na,x\nb,x\n",
      [],
      'one.csv: all sequences have the label "x"; there is nothing to tell apart',
    ],
    [
      "number.csv",
      "label,t1,t2\nx,1,2\ny,1,abc\n",
      [],
      'number.csv, line 3, column "t2": "abc" is no number',
    ],
    [
      "weight.csv",
      "text,label,w\na,x,1\nb,y,-2\n",
      ["--weight", "w"],
      'weight.csv, line 3, column "w": -2 is below 0',
    ],
    [
      "mixed.jsonl",
      '{"values":[1,2],"label":"x"}\n{"values":"ab","label":"y"}\n',
      [],
      'mixed.jsonl, line 2, column "values": this is a text, expected a list of numbers, as in what came before',
    ],
    [
      "width.jsonl",
      '{"values":[[1,2]],"label":"x"}\n{"values":[[1]],"label":"y"}\n',
      [],
      'width.jsonl, line 2, column "values": 1 feature per step, expected 2',
    ],
    [
      "entry.jsonl",
      '{"values":[[1,2],[1,"x"]],"label":"x"}\n',
      [],
      'entry.jsonl, line 1: values[1][1]: "x" is no number; null stands for one that is missing',
    ],
    [
      "split.csv",
      "id,a,label\np,1,x\nq,2,y\np,3,x\n",
      ["--id", "id"],
      'split.csv, line 4, column "id": the sequence "p" began in line 2 and ended before this',
    ],
    [
      "bad.ts",
      "@classLabel true a b\n@data\n1,2:a\n1,x:b\n",
      [],
      'bad.ts, line 4: "x" is no number; a missing one is a question mark',
    ],
    ["gone.csv", "", [], "gone.csv"],
  ];
  it.each(wrong)("%s", (name, content, more, message) => {
    if (name !== "gone.csv") write(name, content);
    const { code, stderr } = train(name, ...more, "--out", "none");
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(stderr).toContain(`error: ${name === "gone.csv" ? "" : message}`);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  it("a class that was not seen in training", () => {
    write("unseen.jsonl", '{"text":"a","label":"good"}\n{"text":"b","label":"odd"}\n');
    expect(longspan(folder, "eval", "run", "unseen.jsonl").stderr).toContain(
      'error: unseen.jsonl, line 2, column "text": the label "odd" was not seen in training; the labels are bad, good',
    );
  });
});
