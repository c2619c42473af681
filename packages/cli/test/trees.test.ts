import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
const train = (...more: string[]) =>
  longspan(folder, "train", "trees", ...more, "--hidden", "8", "--features", "4", "--batch", "8");

/** Trees of two words, of which "not" turns the class of the other round; some on two lines. */
const pairs = Array.from({ length: 24 }, (_, i) => {
  const [isNot, isGood] = [i % 2 === 0, i % 3 === 0];
  const right = isNot ? !isGood : isGood;
  return `(${right ? 1 : 0} (${i % 5 === 0 ? "\n" : ""}2 ${isNot ? "not" : "so"}) (${isGood ? 1 : 0} ${isGood ? "good" : "bad"}))`;
});

beforeAll(() => write("trees.txt", `\ufeff${pairs.join("\n")}\n`));

describe("longspan train trees", () => {
  it("learns trees with labels at all nodes, and answers trees in a pipe", () => {
    const { code, stdout, stderr } = train(
      "trees.txt",
      "--steps",
      "150",
      "--lr",
      "0.03",
      "--valid",
      "0.25",
      "--balance",
      "--out",
      "run",
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("classes   0, 1, 2");
    expect(stdout).toContain("nodes     72, 72 with a class; 4 words");
    const done = jsonLines(readFileSync(join(folder, "run/metrics.jsonl"), "utf8")).at(-1)!;
    expect(done).toMatchObject({ event: "done", valid: { rootAccuracy: 1, nodeAccuracy: 1 } });
    expect(longspan(folder, "eval", "run").stdout).toContain(
      "root accuracy 100.0 %, all-node accuracy 100.0 %",
    );
    const { stdout: answers, stderr: bad } = spawnSync(
      process.execPath,
      [bin, "predict", "run", "--skip-bad"],
      {
        cwd: folder,
        encoding: "utf8",
        input: "(x (x not) (x bad))\n(x (x so)\n(x (x so) (x bad))\n",
      },
    );
    expect(jsonLines(answers).map(({ line, label, nodes }) => [line, label, nodes])).toEqual([
      [1, "1", ["1", "2", "0"]],
      [3, "0", ["0", "2", "0"]],
    ]);
    expect(bad).toContain("standard input, line 2, column 1: the bracket that opens here is never closed");
  });

  it("learns trees with a class before a tab, or in JSONL, and goes on with the same bits", () => {
    write(
      "classes.tsv",
      `${Array.from({ length: 12 }, (_, i) => `${i % 2}\t((a ${i % 2 ? "b" : "c"}) d)`).join("\n")}\n`,
    );
    expect(train("classes.tsv", "--valid", "0.25", "--steps", "3", "--out", "tsv").stdout).toContain(
      "nodes     60, 12 with a class; 4 words",
    );
    write(
      "classes.jsonl",
      Array.from({ length: 12 }, (_, i) =>
        JSON.stringify({ tree: `((a ${i % 2 ? "b" : "c"}) d)`, label: i % 2, w: i }),
      ).join("\n"),
    );
    const options = [
      "classes.jsonl",
      "--valid",
      "0.25",
      "--weight",
      "w",
      "--schedule",
      "constant",
      "--valid-every",
      "2",
    ];
    train(...options, "--steps", "7", "--out", "whole");
    train(...options, "--steps", "4", "--out", "cut");
    expect(longspan(folder, "train", "trees", "--resume", "--out", "cut", "--steps", "7").code).toBe(0);
    const weights = (run: string) => readFileSync(join(folder, run, "weights.safetensors"));
    expect(weights("cut")).toEqual(weights("whole"));
  });

  it.each([
    ["empty.txt", "", "empty.txt holds no tree"],
    [
      "open.txt",
      "(1 (0 a) (1 b))\n(1 (0 a)\n",
      "open.txt, line 2: character 1: the bracket that opens here is never closed",
    ],
    ["hollow.txt", "(1 (0 a) ())\n", "hollow.txt, line 1: character 10: the brackets are empty"],
    [
      "bare.txt",
      "1\t((a b) c)\nx\n",
      "bare.txt, line 2: character 1: expected a class, a tab and a tree, as in the first line",
    ],
    [
      "tab.txt",
      "1\t((a b) c)\n0\t((a b)\n",
      "tab.txt, line 2: character 3: the bracket that opens here is never closed",
    ],
    [
      "same.txt",
      "(1 (1 a) (1 b))\n",
      'same.txt: all nodes have the label "1"; there is nothing to tell apart',
    ],
    ["column.jsonl", '{"trees":"(a b)"}\n', 'column.jsonl: there is no column "tree" (did you mean trees?)'],
  ])("%s: one line", (name, content, message) => {
    write(name, content);
    const { code, stderr } = train(name, "--out", "none");
    expect(stderr.startsWith(`error: ${message}`)).toBe(true);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(code).toBe(1);
  });
});
