import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshFolder, interrupted, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  writeFileSync(at("text.txt"), "añb🙂 ".repeat(300));
  const args = [
    "--hidden",
    "8",
    "--batch",
    "4",
    "--seq",
    "16",
    "--steps",
    "150",
    "--lr",
    "0.02",
    "--out",
    "a run",
  ];
  expect(longspan(folder, "train", "text", "text.txt", ...args).code).toBe(0);
});

const sample = (...args: string[]) => longspan(folder, "sample", "a run", ...args);

describe("sample", () => {
  it("draws as many characters as asked for, and ends the line", () => {
    for (const length of [0, 1, 37]) {
      const { code, stdout, stderr } = sample("--length", String(length));
      expect([code, stderr]).toEqual([0, ""]);
      expect([...stdout].length).toBe(length + 1);
      expect(stdout).toMatch(/^[añb🙂 ]*\n$/u);
    }
    expect([...sample().stdout].length).toBe(501);
  });

  it("the same seed gives the same text, another one another", () => {
    const hot = ["--temperature", "3"];
    const first = sample("--seed", "1", ...hot).stdout;
    expect(sample(...hot).stdout).toBe(first);
    expect(sample("--seed", "2", ...hot).stdout).not.toBe(first);
  });

  it("goes on from the prompt with what it has learned", () => {
    expect(sample("--prompt", "b🙂 añ", "--length", "10", "--temperature", "0").stdout).toBe(
      "b🙂 añb🙂 añb🙂 añ\n",
    );
  });

  it("leaves out of the prompt what the model does not know, if asked to", () => {
    const found = sample("--prompt", "Zb🙂\n añ", "--skip-unknown", "--length", "4", "--temperature", "0");
    expect(found).toEqual({
      code: 0,
      stdout: "b🙂 añb🙂 a\n",
      stderr: '--prompt: what the model does not know was left out; it is now "b🙂 añ"\n',
    });
    expect(sample("--prompt", "añ", "--skip-unknown", "--length", "1").stderr).toBe("");
  });

  it("Ctrl-C ends it", async () => {
    const args = ["sample", "a run", "--length", "100000000"];
    const { code, stdout, stderr } = await interrupted(folder, args, (out) => out.length > 0, "SIGINT");
    expect([code, stderr]).toEqual([130, ""]);
    expect(stdout.endsWith("\n")).toBe(true);
  });

  it("needs nothing but the folder", () => {
    const text = sample().stdout;
    cpSync(at("a run"), at("moved"), { recursive: true });
    rmSync(at("text.txt"));
    expect(longspan(folder, "sample", "moved").stdout).toBe(text);
  });
});

describe("sample: what cannot be done is told in one line", () => {
  const fails = (name: string, code: number, args: () => readonly string[], message: string | RegExp) =>
    it(name, () => {
      const result = longspan(folder, "sample", ...args());
      expect([result.code, result.stdout]).toEqual([code, ""]);
      expect(result.stderr).toMatch(/^error: [^\n]*\n$/);
      if (typeof message === "string") expect(result.stderr).toBe(`error: ${message}\n`);
      else expect(result.stderr).toMatch(message);
    });
  let copies = 0;
  /** A copy of the run with one file changed, or removed. */
  const damaged = (file: string, change: (bytes: Buffer) => Uint8Array | string | null) => () => {
    const name = `damaged ${copies++}`;
    cpSync(at("a run"), at(name), { recursive: true });
    const changed = change(readFileSync(at(name, file)));
    if (changed === null) rmSync(at(name, file));
    else writeFileSync(at(name, file), changed);
    return [name];
  };
  const weights = "weights.safetensors";

  fails("no such folder", 1, () => ["none"], "there is no folder none; see longspan train text --help");
  fails(
    "a folder that is no run",
    1,
    () => ["."],
    ". is not the folder of a run: it has no config.json; give the folder of a run, as longspan train makes it",
  );
  fails("no folder", 2, () => [], "missing required argument 'run'");
  fails(
    "a prompt with a character that the model does not know",
    1,
    () => ["a run", "--prompt", "🙂ñ\n"],
    '--prompt: the character "\\n" (U+000A), character 2 of the text counted from 0, is not among the 5 of the vocabulary; --skip-unknown leaves such characters out',
  );
  fails(
    "an impossible temperature",
    2,
    () => ["a run", "--temperature", "-1"],
    "option '--temperature <t>' argument '-1' is invalid. Expected a number of at least 0.",
  );
  fails(
    "weights cut short",
    1,
    damaged(weights, (b) => b.subarray(0, b.length - 9)),
    /damaged \d\/weights.safetensors: weight file/,
  );
  fails(
    "weights of nothing",
    1,
    damaged(weights, () => ""),
    /weight file, byte 0: expected 8 bytes/,
  );
  fails(
    "weights overwritten",
    1,
    damaged(weights, (b) => b.fill(0x41, 0, 40)),
    /weight file, byte/,
  );
  fails(
    "weights not there",
    1,
    damaged(weights, () => null),
    /holds no trained model yet: weights\.safetensors is written/,
  );
  fails(
    "a configuration of another architecture",
    1,
    damaged("config.json", (b) => b.toString().replace('"hidden": 8', '"hidden": 9')),
    /tensor "layers\[0\]\.U": expected float32 \[64, 36\], found float32 \[64, 32\]/,
  );
  fails(
    "a configuration that is not JSON",
    1,
    damaged("config.json", () => "{"),
    /damaged \d\/config\.json: .*JSON/,
  );
  fails(
    "a configuration of something else",
    1,
    damaged("config.json", () => "{}"),
    /config\.json: format is missing, expected "longspan-run"; the file is not of a run/,
  );
  fails(
    "an impossible configuration",
    1,
    damaged("config.json", (b) => b.toString().replace('"hidden": 8', '"hidden": "8"')),
    /config\.json: settings\.hidden is "8", expected a positive integer; put back what the run had/,
  );
  fails(
    "a vocabulary of something else",
    1,
    damaged("vocabulary.json", () => '{"level":"char","symbols":[1]}'),
    /vocabulary\.json: vocabulary: symbol 0 is 1, expected one character/,
  );
});

describe("the command", () => {
  it("shows its help and version", () => {
    const help = longspan(folder, "--help");
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("Usage: longspan [options] [command]");
    expect(longspan(folder, "--version")).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
    expect(longspan(folder).code).toBe(2);
    expect(longspan(folder, "trian")).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: unknown command 'trian' (Did you mean train?)\n",
    });
  });
});
