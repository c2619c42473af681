import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  characterVocabulary,
  evaluateText,
  Key,
  leaves,
  sampleSymbols,
  storedVocabulary,
  type Tensor,
  textRunModel,
} from "longspan";
import { createRun, openRun } from "longspan/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshFolder, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  writeFileSync(at("text.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60));
  const small = ["--hidden", "8", "--features", "4", "--batch", "4", "--seq", "16", "--steps", "20"];
  longspan(folder, "train", "text", "text.txt", ...small, "--cell", "gru-reset-after", "--out", "run");
});

describe("openRun", () => {
  it("opens what the command line trained: the same loss, the same sample", async () => {
    const { kind, model, params, vocabulary, step } = openRun(at("run"), "text");
    expect([kind, step]).toEqual(["text", 20]);
    const text = "the cat ran.\n";
    writeFileSync(at("short.txt"), text);
    const { nats } = await evaluateText(model, params, vocabulary.encode(text));
    const told = JSON.parse(longspan(folder, "eval", "run", "short.txt", "--json").stdout) as {
      nats: number;
    };
    expect(nats).toBe(told.nats);
    let sample = "the ";
    const options = { key: Key.of(3), length: 20, temperature: 0.8, prompt: vocabulary.encode("the ") };
    for await (const symbol of sampleSymbols(model, params, options)) sample += vocabulary.decode([symbol]);
    const { stdout } = longspan(folder, "sample", "run", "--length", "20", "--seed", "3", "--prompt", "the ");
    expect(stdout.replace(/\n$/, "")).toBe(sample.replace(/\n$/, ""));
    for (const t of leaves(params)) (t as Tensor).dispose();
  });

  it("and the command line opens what the library made, with the settings of its model alone", async () => {
    const settings = { cell: "gru", hidden: 4, layers: 1, features: 3, dropout: 0 };
    const vocabulary = characterVocabulary("the cat ran.\n");
    const run = createRun(
      at("made"),
      { task: "text", settings },
      { vocabulary: storedVocabulary(vocabulary) },
    );
    const model = textRunModel(settings, vocabulary.size);
    const params = model.init(Key.of(1));
    await run.saveWeights(params, 0);
    run.close();
    writeFileSync(at("ran.txt"), "the cat ran.\n");
    const { code, stdout, stderr } = longspan(folder, "eval", "made", "ran.txt", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { nats } = await evaluateText(model, params, vocabulary.encode("the cat ran.\n"));
    expect((JSON.parse(stdout) as { nats: number }).nats).toBe(nats);
    expect(longspan(folder, "sample", "made", "--length", "5").code).toBe(0);
    const resumed = longspan(folder, "train", "text", "--resume", "--out", "made");
    expect(resumed.stderr).toMatch(
      /^error: made was imported, or made by a program: it holds a model, and no training to go on with; /,
    );
  });

  const spoiled: [string, (path: string) => void, string][] = [
    [
      "no run",
      (path) => rmSync(join(path, "config.json")),
      " is not the folder of a run: it has no config.json; give the folder of a run, as createRun and longspan train make it",
    ],
    [
      "another version",
      (path) => {
        const file = join(path, "config.json");
        writeFileSync(file, readFileSync(file, "utf8").replace('"formatVersion": 7', '"formatVersion": 6'));
      },
      "/config.json: formatVersion is 6, expected 7; the run is older than this longspan: use the version that made it",
    ],
    [
      "no weights",
      (path) => rmSync(join(path, "weights.safetensors")),
      " holds no trained model yet: weights.safetensors is written at the first validation and at the end of a run; wait for it",
    ],
  ];
  it.each(spoiled)("says what is wrong: %s", (name, spoil, message) => {
    const path = at(name);
    cpSync(at("run"), path, { recursive: true });
    spoil(path);
    expect(() => openRun(path)).toThrow(`${path}${message}`);
  });
});
