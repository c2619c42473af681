import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, defaultExecutor, runCells } from "longspan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshFolder, interrupted, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

const at = (...parts: string[]) => join(folder, ...parts);
const text = "the cat sat on the mat; the rat ran.\n".repeat(60);
const small = ["--hidden", "8", "--features", "4", "--batch", "4", "--seq", "16"];
/** What a run leaves; the checkpoint's name holds its step and the number of validations so far. */
const files = [
  expect.stringMatching(/^checkpoint-\d+-\d+\.safetensors$/),
  "checkpoint.json",
  "config.json",
  "metrics.jsonl",
  "report.html",
  "vocabulary.json",
  "weights.safetensors",
];

beforeAll(() => {
  writeFileSync(at("my text.txt"), text);
});

describe("train text --json", () => {
  it("reads the held-out text in pieces of the lengths that were asked for", () => {
    const args = ["--steps", "2", "--batch", "40", "--beyond", "100,20", "--out", "lengths"];
    const { code, stdout } = longspan(folder, "train", "text", "my text.txt", ...small, ...args, "--json");
    expect(code).toBe(0);
    // Forty streams of 49 characters: 1,998 are trained on.
    expect(jsonLines(stdout).at(-1)!.beyond).toEqual([
      { length: 20, seen: true, nats: expect.any(Number), bitsPerCharacter: expect.any(Number) },
      { length: 100, seen: false, nats: expect.any(Number), bitsPerCharacter: expect.any(Number) },
    ]);
    const page = readFileSync(at("lengths", "report.html"), "utf8");
    expect(page).toContain('<th scope="row">20</th><td>yes</td>');
    expect(page).toContain('<th scope="row">100</th><td>no</td>');
    const again = longspan(folder, "train", "text", "--resume", "--out", "lengths").stdout;
    expect(again).toMatch(/^ *length +100, not seen in training +\d\.\d{3} nats per character/m);
  });

  it("prints one object per event, the last one with the figures, and nothing else", () => {
    const args = ["--steps", "30", "--valid-every", "30", "--out", "runs/a b", "--json"];
    const { code, stdout, stderr } = longspan(folder, "train", "text", "my text.txt", ...small, ...args);
    expect([code, stderr]).toEqual([0, ""]);
    const events = jsonLines(stdout);
    expect(events[0]).toEqual({
      event: "start",
      path: "my text.txt",
      level: "char",
      characters: { total: 2220, train: 1998, valid: 222, different: 14 },
      model: {
        cell: "lstm",
        hidden: 8,
        layers: 1,
        features: 4,
        dropout: 0.2,
        window: 1,
        residual: false,
        squash: "tanh",
      },
      settings: expect.objectContaining({ hidden: 8, batch: 4, steps: 30, minutes: null, optimizer: "adam" }),
      parameters: 14 * 4 + 4 * 32 + 8 * 32 + 32 + 8 * 14 + 14,
      executor: defaultExecutor().name,
      out: "runs/a b",
    });
    expect(events.slice(1, -3).every((e) => e.event === "progress")).toBe(true);
    const [progress, valid, sample] = events.slice(-4) as [Record<string, unknown>, object, { text: string }];
    expect(events.slice(-4).map((e) => e.event)).toEqual(["progress", "valid", "sample", "done"]);
    expect(Object.keys(progress)).toEqual([
      "event",
      "step",
      "fraction",
      "nats",
      "charactersPerSecond",
      "learningRate",
      "gradientNorm",
      "clippedNorm",
      "randomSteps",
      "skippedSteps",
      "seconds",
    ]);
    expect([progress.step, progress.fraction]).toEqual([30, 1]);
    expect(progress.clippedNorm).toBeCloseTo(Math.min(1, progress.gradientNorm as number), 6);
    const done = events.at(-1) as { valid: { nats: number }; charactersPerSecond: number };
    expect(done).toEqual({
      event: "done",
      steps: 30,
      ended: "budget",
      seconds: progress.seconds,
      train: { nats: expect.any(Number) },
      valid: { step: 30, nats: expect.any(Number), bitsPerCharacter: done.valid.nats / Math.LN2 },
      charactersPerSecond: expect.any(Number),
      parameters: events[0]!.parameters,
      executor: defaultExecutor().name,
    });
    const { step: _, ...figures } = done.valid as { step: number; nats: number };
    expect(valid).toEqual({ event: "valid", step: 30, ...figures, best: true, seconds: progress.seconds });
    expect([...sample.text].length).toBe(400);
    expect(Object.keys(done)).toEqual([
      "event",
      "steps",
      "ended",
      "train",
      "valid",
      "charactersPerSecond",
      "seconds",
      "parameters",
      "executor",
    ]);
    expect(done.valid.nats).toBeGreaterThan(0);
    expect(done.valid.nats).toBeLessThan(Math.log(14) + 0.1);
    expect(done.charactersPerSecond).toBeGreaterThan(0);
    expect(readFileSync(at("runs/a b/metrics.jsonl"), "utf8")).toBe(stdout);
  });

  it("leaves a folder with all that is needed, and no temporary file", () => {
    expect(readdirSync(at("runs/a b")).sort()).toEqual(files);
    const { metadata, tensors } = decodeSafetensors(readFileSync(at("runs/a b/weights.safetensors")));
    expect(metadata.get("step")).toBe("30");
    expect([...tensors.keys()].sort()).toEqual([
      "embedding.E",
      "layers[0].U",
      "layers[0].W",
      "layers[0].b",
      "readout.W",
      "readout.b",
    ]);
    const config = JSON.parse(readFileSync(at("runs/a b/config.json"), "utf8"));
    expect(config.settings).toMatchObject({ seq: 16, batch: 4, steps: 30, lr: 0.004, warmUp: 50, clip: 1 });
    expect(readFileSync(at("runs/a b/report.html"), "utf8")).toContain("my text.txt: training run");
  });

  it("the same seed gives the same weights, another one others", () => {
    const train = (name: string, seed: string) => {
      const args = [
        "--steps",
        "5",
        "--dropout",
        "0.1",
        "--layers",
        "2",
        "--seed",
        seed,
        "--out",
        name,
        "--json",
      ];
      expect(longspan(folder, "train", "text", "my text.txt", ...small, ...args).code).toBe(0);
      return readFileSync(at(name, "weights.safetensors"));
    };
    const first = train("seed 1", "1");
    expect(train("seed 1 again", "1").equals(first)).toBe(true);
    expect(train("seed 2", "2").equals(first)).toBe(false);
  });

  for (const cell of ["gru", "rnn"])
    it(`--cell ${cell}, for some time`, () => {
      const args = ["--cell", cell, "--minutes", "0.01", "--out", cell, "--json"];
      const { code, stdout } = longspan(folder, "train", "text", "my text.txt", ...small, ...args);
      expect(code).toBe(0);
      expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "done" });
    });
});

describe("train text", () => {
  it("prints plain lines that end with the figure, a sample and what to run next", () => {
    const { code, stdout, stderr } = longspan(
      folder,
      "train",
      "text",
      "my text.txt",
      ...small,
      "--steps",
      "20",
    );
    expect([code, stderr]).toEqual([0, ""]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what must not be there
    expect(stdout).not.toMatch(/\x1b/);
    expect(stdout).toMatch(
      /^text {6}my text\.txt: 2,220 characters, 14 different; the last 222 are held out\nmodel {5}lstm, 1 layer of 8 units, 598 parameters\nrun {7}runs\/my text: 20 steps on the \w+ executor\n/,
    );
    expect(stdout).toMatch(
      /\ndone .*\nheld out {2}\d\.\d{3} nats per character \(\d\.\d{3} bits\)\n\na sample, at temperature 0\.8:\n\n[\s\S]{400,}\nMore of it: {3}longspan sample 'runs\/my text' --length 1000 --seed 2\nIts curves: {3}open 'runs\/my text\/report\.html' in a browser\n$/,
    );
    expect(readdirSync(at("runs/my text")).sort()).toEqual(files);
  });

  it("without --out, a second run has a folder of its own", () => {
    const { code, stdout } = longspan(
      folder,
      "train",
      "text",
      "my text.txt",
      ...small,
      "--steps",
      "2",
      "--json",
    );
    expect(code).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({ out: "runs/my text-2" });
  });

  it("a trained model is replaced by force only", () => {
    const args = [
      "train",
      "text",
      "my text.txt",
      ...small,
      "--steps",
      "2",
      "--json",
      "--out",
      "runs/my text",
    ];
    const before = readFileSync(at("runs/my text/weights.safetensors"));
    expect(longspan(folder, ...args)).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "error: runs/my text holds a run already; go on with it with --resume, choose another folder with --out, or replace it with --force\n",
    });
    expect(readFileSync(at("runs/my text/weights.safetensors")).equals(before)).toBe(true);
    expect(longspan(folder, ...args, "--force").code).toBe(0);
    expect(readFileSync(at("runs/my text/weights.safetensors")).equals(before)).toBe(false);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    it(`${signal} ends it after the step, with the model saved`, async () => {
      const args = [
        "train",
        "text",
        "my text.txt",
        ...small,
        "--steps",
        "1000000",
        "--json",
        "--out",
        signal,
      ];
      const { code, stdout, stderr } = await interrupted(
        folder,
        args,
        (out) => out.includes("progress"),
        signal,
      );
      expect(code).toBe(130);
      const events = jsonLines(stdout);
      const { steps } = events.at(-1) as { steps: number };
      expect(events.at(-1)).toEqual({
        event: "stopped",
        steps: expect.any(Number),
        seconds: expect.any(Number),
        out: signal,
      });
      expect(stderr).toBe(
        `stopping after this step; press Ctrl-C again to end at once\nstopped after ${steps.toLocaleString("en-US")} steps; everything is saved. To go on: longspan train text --resume --out ${signal}\n`,
      );
      expect(readdirSync(at(signal)).sort()).toEqual(files);
      expect(longspan(folder, "sample", signal, "--length", "3").code).toBe(0);
    });
});

describe("train text: what cannot be done is told in one line", () => {
  const fails = (name: string, code: number, args: readonly string[], message: string) =>
    it(name, () => {
      const result = longspan(folder, "train", "text", ...args);
      expect(result).toEqual({ code, stdout: "", stderr: `error: ${message}\n` });
    });
  const file = (name: string, contents: string | Uint8Array) => {
    writeFileSync(at(name), contents);
    return name;
  };

  fails("a missing file", 1, ["none.txt"], "cannot read none.txt: no such file or folder");
  fails("a folder", 1, ["."], "cannot read .: it is a folder");
  fails(
    "pieces that are longer than what is held out",
    1,
    ["my text.txt", ...small, "--beyond", "20,222"],
    "--beyond 20,222 asks for pieces of 222, and the held-out text has 222; ask for less than that, or hold out more with --valid",
  );
  fails("an empty file", 1, [file("empty.txt", "")], "empty.txt is empty");
  fails(
    "a text that is too short",
    1,
    [file("short.txt", "abc ".repeat(50))],
    "short.txt is too short: it has 200 characters, and --batch 32 with --seq 128 needs 4,553; lower --batch or --seq (what is not held out must have batch x seq + 1 of them)",
  );
  fails(
    "a text of a few characters",
    1,
    [file("tiny.txt", "ab"), "--batch", "1", "--seq", "1"],
    "tiny.txt is too short: it has 2 characters, and --batch 1 with --seq 1 needs 3, and more for --valid 0.1 to hold out 2 of them; use a longer text",
  );
  fails(
    "invalid UTF-8",
    1,
    [file("latin.txt", Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x0a))],
    "latin.txt: not UTF-8: byte 3: 0xE9 begins a character of 3 bytes, but byte 4 (0x0A) does not continue it; it looks like Windows-1252 or Latin-1: save it as UTF-8, as with iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW",
  );
  fails(
    "UTF-16 without a mark",
    1,
    [file("utf16.txt", Buffer.from(text, "utf16le"))],
    "utf16.txt looks like UTF-16LE without a byte order mark; save it as UTF-8, as with iconv -f UTF-16LE -t UTF-8 OLD > NEW",
  );
  fails(
    "a vocabulary of one word",
    2,
    ["my text.txt", "--level", "word", "--vocabulary", "1"],
    "option '--vocabulary <n>' argument '1' is invalid. Expected a whole number of at least 2, or none.",
  );
  fails(
    "a text in which no word occurs twice",
    1,
    [file("once.txt", Array.from({ length: 3000 }, (_, k) => ` w${k}`).join("")), "--level", "word"],
    "once.txt has no word that occurs twice, so a model of words would know none of them; use a longer text, or --level char",
  );
  fails("no file", 2, [], "the path of a text is missing");
  fails("an unknown option", 2, ["a", "--hiden", "3"], "unknown option '--hiden' (Did you mean --hidden?)");
  fails(
    "an unknown cell",
    2,
    ["a", "--cell", "elman"],
    `option '--cell <name>' argument 'elman' is invalid. Expected one of ${runCells.join(", ")}, or a module such as ./mine.mjs.`,
  );
  fails(
    "steps and minutes",
    2,
    ["a", "--steps", "3", "--minutes", "3"],
    "option '--minutes <n>' cannot be used with option '--steps <n>'",
  );
  fails("an option without its value", 2, ["a", "--hidden"], "option '--hidden <n>' argument missing");
  for (const [option, flags, value, expected] of [
    ["--hidden", "--hidden <n>", "0", "a whole number from 1 to 4096"],
    ["--features", "--features <n>", "4097", "a whole number from 1 to 4096"],
    ["--layers", "--layers <n>", "1.5", "a whole number from 1 to 64"],
    ["--batch", "--batch <n>", "many", "a whole number of at least 1"],
    ["--steps", "--steps <n>", "", "a whole number of at least 1"],
    ["--minutes", "--minutes <n>", "0", "a number above 0"],
    ["--lr", "--lr <rate>", "-1", "a number above 0"],
    ["--clip", "--clip <norm>", "NaN", "a number above 0, or none"],
    ["--dropout", "--dropout <rate>", "1.5", "a number from 0 up to, but not including, 1"],
    ["--seed", "--seed <n>", "1e99", "a whole number"],
  ] as const)
    fails(
      `${option} ${value}`,
      2,
      ["a", option, value],
      `option '${flags}' argument '${value}' is invalid. Expected ${expected}.`,
    );
  fails(
    "an --out below a file",
    1,
    ["my text.txt", ...small, "--out", "my text.txt/run"],
    "cannot write to my text.txt/run: a part of the path is a file, not a folder",
  );
  fails(
    "an --out with other things in it",
    1,
    ["my text.txt", ...small, "--out", "."],
    ". is not empty and holds no run; choose another folder with --out",
  );
  it.skipIf(process.platform !== "linux").each([
    ["train text", ["train", "text", "my text.txt", ...small, "--steps", "1"]],
    ["inspect", ["inspect", "runs/a b", "--steps", "20", "--sequences", "2"]],
  ])("an --out where no folder can be made: %s", (_, args) => {
    expect(longspan(folder, ...args, "--out", "/proc/x/run")).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: cannot write to /proc/x/run: no folder can be made in /proc\n",
    });
  });
  it("a loss that is not finite", () => {
    const args = ["--lr", "1e37", "--steps", "500", "--out", "wild", "--json"];
    const { code, stderr } = longspan(folder, "train", "text", "my text.txt", ...small, ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: training stopped: [^;]*; lower --lr or --clip, or go on with --on-explosion skip; (nothing was saved|the checkpoint of step \d+ is intact)\n$/,
    );
    expect(existsSync(at("wild/weights.safetensors"))).toBe(false);
  });

  it("a folder that cannot be written to", () => {
    if (process.getuid?.() === 0 || process.platform === "win32") return;
    mkdirSync(at("locked"), { mode: 0o555 });
    const { code, stderr } = longspan(
      folder,
      "train",
      "text",
      "my text.txt",
      ...small,
      "--out",
      "locked/run",
    );
    expect([code, stderr]).toEqual([1, "error: cannot write to locked/run: permission denied\n"]);
  });
});
