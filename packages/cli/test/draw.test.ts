import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshFolder, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (name: string) => join(folder, name);
const small = ["--hidden", "6", "--batch", "2", "--steps", "2", "--json"];

beforeAll(() => {
  writeFileSync(at("text.txt"), "the dog sat on a log; the cog ran. ax\n".repeat(60));
  const text = [
    "train",
    "text",
    "text.txt",
    "--cell",
    "gru",
    "--layers",
    "2",
    "--features",
    "4",
    "--seq",
    "8",
  ];
  expect(longspan(folder, ...text, ...small, "--out", "run").code).toBe(0);
  expect(longspan(folder, "train", "synthetic", "adding", ...small, "--out", "sums").code).toBe(0);
  writeFileSync(at("trees.txt"), "(1 (0 a) (1 (0 b) (1 c)))\n(0 (0 c) (0 a))\n".repeat(10));
  writeFileSync(at("pairs.tsv"), "ab\tba\nb\tb\na\ta\naab\tbaa\n".repeat(10));
  expect(longspan(folder, "train", "trees", "trees.txt", ...small, "--out", "trees").code).toBe(0);
  expect(
    longspan(folder, "train", "pairs", "pairs.tsv", ...small, "--valid", "0", "--out", "pairs").code,
  ).toBe(0);
});

describe("draw", () => {
  it("writes the circuit of a run's model to stdout", () => {
    const { code, stdout, stderr } = longspan(folder, "draw", "run");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(stdout).toContain("<title>run, a model of the kind text</title>");
    // Of each layer, its state and the delay that it passes.
    expect(stdout.match(/class="name[^"]*"[^>]*>h[₁₂]</g)).toHaveLength(2);
    expect(stdout.match(/class="delay"/g)).toHaveLength(2);
  });

  it("draws steps side by side, other detail, and other kinds of runs", () => {
    const steps = longspan(folder, "draw", "run", "--unfolded", "3").stdout;
    for (const name of ["h₁⁽³⁾", "h₂⁽¹⁾", "output⁽²⁾"]) expect(steps).toContain(`>${name}<`);
    expect(steps).not.toContain("⁽⁴⁾");
    expect(longspan(folder, "draw", "sums", "--detail", "variables").stdout).toContain(">output<");
    expect(longspan(folder, "draw", "run", "--detail", "operations").stdout).toContain(">sigmoid<");
  });

  it("draws a tree over its children, and what writes beside what reads", () => {
    const circuit = longspan(folder, "draw", "trees");
    expect([circuit.code, circuit.stderr]).toEqual([0, ""]);
    expect(circuit.stdout).toContain(">output<");
    // Two children, each with a state and a cell state that are passed up.
    expect(circuit.stdout.match(/class="delay"/g)).toHaveLength(4);
    const tree = longspan(folder, "draw", "trees", "--unfolded", "3").stdout;
    for (const node of ["₀", "₁", "₂", "₃", "₄"]) expect(tree).toContain(`>output${node}<`);
    expect(tree).not.toContain(">output₅<");
    const pair = longspan(folder, "draw", "pairs", "--unfolded", "3");
    expect([pair.code, pair.stderr]).toEqual([0, ""]);
    expect(pair.stdout).toContain(">output⁽³⁾<");
    expect(pair.stdout).not.toContain("⁽⁴⁾");
    expect(longspan(folder, "draw", "pairs").stdout).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  it("writes .svg and .png files", () => {
    const { code, stdout, stderr } = longspan(folder, "draw", "run", "--out", "circuit.svg");
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    expect(readFileSync(at("circuit.svg"), "utf8")).toBe(longspan(folder, "draw", "run").stdout);
    expect(longspan(folder, "draw", "run", "--out", "circuit.png").code).toBe(0);
    expect(readFileSync(at("circuit.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  it("says what it cannot do", () => {
    expect(longspan(folder, "draw", "run", "--out", "circuit.pdf")).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: --out circuit.pdf: a drawing is an .svg or a .png file; give a name that ends so\n",
    });
    expect(longspan(folder, "draw", "run", "--unfolded", "2", "--detail", "operations").stderr).toBe(
      "error: --detail operations is for the circuit, not for --unfolded; leave one of the two out\n",
    );
    expect(longspan(folder, "draw", "run", "--unfolded", "0").stderr).toContain("--unfolded");
    expect(longspan(folder, "draw", "nowhere").stderr).toMatch(/^error: there is no folder nowhere/);
    expect(longspan(folder, "draw", "run", "--out", "no/folder.svg").stderr).toMatch(
      /^error: cannot write to no\/folder.svg: /,
    );
    expect(existsSync(at("circuit.pdf"))).toBe(false);
  });
});
