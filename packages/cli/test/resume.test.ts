import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, freshFolder, interrupted, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  writeFileSync(at("my text.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60));
  writeFileSync(at("other.txt"), "the rat sat on the mat; the cat ran.\n".repeat(60));
});

const plain = ["--hidden", "8", "--features", "4", "--batch", "4", "--seq", "16", "--steps", "150"];
// Two layers, dropout, a schedule that looks at validations, a momentum that rises, and the state carried in mid-text.
const rich = [
  ...[
    "--layers",
    "2",
    "--dropout",
    "0.2",
    "--schedule",
    "plateau",
    "--patience",
    "1",
    "--optimizer",
    "nesterov-2013",
    "--momentum-first",
    "5",
    "--momentum-every",
    "20",
  ],
  ...[
    "--hidden",
    "6",
    "--features",
    "4",
    "--batch",
    "4",
    "--seq",
    "7",
    "--steps",
    "120",
    "--valid-every",
    "10",
  ],
];

const train = (out: string, ...args: string[]) =>
  longspan(folder, "train", "text", "my text.txt", "--json", "--out", out, ...args);

/** What a run ended with: its last checkpoint and the weights of its best model. */
function result(out: string): { tensors: Buffer; weights: Buffer } {
  const [name, ...more] = readdirSync(at(out)).filter((n) => n.startsWith("checkpoint-"));
  expect(more).toEqual([]);
  return { tensors: readFileSync(at(out, name!)), weights: readFileSync(at(out, "weights.safetensors")) };
}

/** The step of a run's last checkpoint; 0 if there is none. */
function saved(out: string): number {
  const steps = readdirSync(at(out)).map((name) => /^checkpoint-(\d+)-/.exec(name)?.[1] ?? 0);
  return Math.max(0, ...steps.map(Number));
}

/** Runs a command and kills it so many milliseconds after its birth, or after it began to train. */
function killed(args: readonly string[], from: "birth" | "training", after: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const kill = () => setTimeout(() => child.kill("SIGKILL"), after);
    if (from === "birth") kill();
    else child.stdout.once("data", kill);
    child.stdout.resume();
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL" || code === 0) resolve();
      else reject(new Error(`ended with code ${code}`));
    });
  });
}

/** Runs a command to its end. Gives the milliseconds until it began to train, and those from then on. */
function timed(args: readonly string[]): Promise<{ start: number; training: number }> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    let start = 0;
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
    });
    child.stdout.on("data", () => {
      if (start === 0) start = performance.now() - begin;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve({ start, training: performance.now() - begin - start });
      else reject(new Error(`ended with code ${code}`));
    });
  });
}

/** Numbers in [0, 1) that are the same every time. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("a run that is killed", () => {
  for (const [name, args] of Object.entries({ plain, rich }))
    it(`20 times and resumed each time ends with the same bits: ${name}`, async () => {
      const whole = await timed([
        "train",
        "text",
        "my text.txt",
        "--json",
        "--out",
        `${name} whole`,
        ...args,
      ]);
      const draw = draws(17);
      const out = `${name} killed`;
      const command = ["train", "text", "my text.txt", "--json", "--out", out, "--resume", ...args];
      const saving = ["--save-seconds", "0.02"];
      for (let k = 0; k < 20; k++) {
        // In turn somewhere in the start, where files are made, and some way into the training.
        if (k % 2 === 0) await killed([...command, ...saving], "birth", draw() * whole.start);
        else await killed([...command, ...saving], "training", (draw() * whole.training) / 3);
      }
      // On a machine that is busy with other work too, it may still be at its first steps.
      while (saved(out) <= 5) await killed([...command, ...saving], "training", whole.training / 3);
      const { code, stdout } = longspan(folder, ...command);
      expect(code).toBe(0);
      // It was under way when it was killed, and not at its end.
      const { step } = jsonLines(stdout)[1] as { step: number };
      expect(step).toBeGreaterThan(5);
      expect(step).toBeLessThan(115);
      const [expected, found] = [result(`${name} whole`), result(out)];
      expect(found.tensors.equals(expected.tensors)).toBe(true);
      expect(found.weights.equals(expected.weights)).toBe(true);
      expect(readdirSync(at(out)).filter((n) => n.startsWith("."))).toEqual([]);
    });
});

describe("--resume", () => {
  it.skipIf(process.platform !== "linux")("goes on with a run that stays as a zombie", async () => {
    // As in a container whose first process collects nobody: the shell becomes a program that knows of no child.
    const run = [
      "train",
      "text",
      "my text.txt",
      "--json",
      "--out",
      "orphan",
      ...plain.slice(0, -1),
      "1000000",
    ];
    const first = spawn("sh", ["-c", '"$@" & exec sleep 1000', "sh", process.execPath, bin, ...run], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      await once(first.stdout!, "data");
      const { pid } = JSON.parse(readFileSync(at("orphan/.lock"), "utf8")) as { pid: number };
      process.kill(pid, "SIGKILL");
      // At once, while it may still be ending.
      const second = longspan(
        folder,
        "train",
        "text",
        "--resume",
        "--out",
        "orphan",
        "--steps",
        "20",
        "--json",
      );
      expect([second.code, second.stderr]).toEqual([0, ""]);
      expect(readFileSync(`/proc/${pid}/stat`, "latin1")).toMatch(/\) Z /);
    } finally {
      first.kill("SIGKILL");
    }
  });

  it("goes on after Ctrl-C with nothing but the folder, and ends with the same bits", async () => {
    const command = ["train", "text", "my text.txt", "--json", "--out", "by hand", ...plain];
    const first = await interrupted(folder, command, (out) => out.includes("progress"), "SIGINT");
    expect(first.code).toBe(130);
    expect(first.stderr).toContain("To go on: longspan train text --resume --out 'by hand'\n");
    const second = longspan(folder, "train", "text", "--resume", "--out", "by hand", "--json");
    expect([second.code, second.stderr]).toEqual([0, ""]);
    const events = jsonLines(second.stdout);
    expect(events.slice(0, 2).map((e) => e.event)).toEqual(["start", "resumed"]);
    expect(events.at(-1)).toMatchObject({ event: "done", steps: 150 });
    expect(result("by hand").tensors.equals(result("plain whole").tensors)).toBe(true);
    expect(readFileSync(at("by hand/metrics.jsonl"), "utf8")).toBe(first.stdout + second.stdout);
  });

  it("gives a finished run more steps", () => {
    expect(train("more", ...plain.slice(0, -1), "20").code).toBe(0);
    const { code, stdout } = train("more", "--resume", "--steps", "30");
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "done", steps: 30 });
    expect(JSON.parse(readFileSync(at("more/config.json"), "utf8")).settings.steps).toBe(30);
  });

  it("has nothing left to do on a finished run, and tells its speed as it was", () => {
    const { code, stdout } = longspan(folder, "train", "text", "--resume", "--out", "more", "--json");
    expect(code).toBe(0);
    const done = jsonLines(stdout).at(-1) as Record<string, number>;
    expect(done).toMatchObject({ event: "done", steps: 30 });
    expect(done).not.toHaveProperty("train");
    expect(done.charactersPerSecond! * done.seconds!).toBeCloseTo(30 * 4 * 16, 6);
    const lines = longspan(folder, "train", "text", "--resume", "--out", "more").stdout;
    expect(lines).toMatch(/^done +30 steps before; nothing was left to do$/m);
  });

  it("without a run in the folder starts one", () => {
    expect(train("fresh", "--resume", ...plain.slice(0, -1), "3").code).toBe(0);
  });

  const fails = (name: string, args: readonly string[], message: string | RegExp) =>
    it(name, () => {
      const { code, stdout, stderr } = longspan(folder, "train", "text", ...args);
      expect([code, stdout]).toEqual([1, ""]);
      if (typeof message === "string") expect(stderr).toBe(`error: ${message}\n`);
      else expect(stderr).toMatch(message);
    });
  fails("needs --out", ["--resume"], "--resume needs --out, the folder of the run to go on with");
  fails("needs a run or a text", ["--resume", "--out", "none"], "none holds no run to go on with");
  fails(
    "keeps the settings",
    ["my text.txt", "--resume", "--out", "more", "--hidden", "9"],
    "--hidden 9 differs from the run in more, which has hidden 8; a run goes on with its own settings",
  );
  fails(
    "keeps the text",
    ["other.txt", "--resume", "--out", "more"],
    `other.txt is not the text that more was trained on (${at("my text.txt")}); a run goes on with the same text only`,
  );
  it.each(["the rat sat.\n", "the zat sat on the mat; the rat ran.\n", "\u20ac"])(
    "says that the text has changed, whatever is in it: %j",
    (line) => {
      writeFileSync(at("changing.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60));
      const run = ["train", "text", "changing.txt", ...plain.slice(0, -1), "2", "--out", "changing"];
      expect(longspan(folder, ...run, "--force").code).toBe(0);
      writeFileSync(at("changing.txt"), line.repeat(80));
      const why =
        "error: changing.txt has changed since changing was begun, and a run goes on with the same text only; put the old text back, or begin a new run with another --out\n";
      expect(longspan(folder, ...run, "--resume").stderr).toBe(why);
      expect(longspan(folder, "train", "text", "--resume", "--out", "changing").stderr).toBe(
        why.replace("changing.txt", at("changing.txt")),
      );
      expect(longspan(folder, "inspect", "changing").stderr).toBe(
        `error: ${at("changing.txt")} is no longer the text that changing was trained on; name another one with --data\n`,
      );
    },
  );

  it("has its done event though no sample can be drawn", () => {
    // A run that knows no word: one of characters that is made one of words by hand, with as many symbols.
    writeFileSync(at("lines.txt"), "\n".repeat(600));
    const run = ["train", "text", "lines.txt", ...plain.slice(0, -1), "2", "--json", "--out", "wordless"];
    expect(longspan(folder, ...run).code).toBe(0);
    const config = readFileSync(at("wordless/config.json"), "utf8");
    writeFileSync(at("wordless/config.json"), config.replace('"level": "char"', '"level": "word"'));
    writeFileSync(at("wordless/vocabulary.json"), '{"level":"word","symbols":["<unk>"]}');
    const again = ["train", "text", "--resume", "--out", "wordless", "--json"];
    const { code, stdout, stderr } = longspan(folder, ...again);
    expect([code, stderr]).toEqual([1, "error: sampling: no symbol is left to draw: 1 of 1 are excluded\n"]);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "done", steps: 2 });
  });

  it.each([
    ["synthetic", "adding", ["--length", "10", "--batch", "20", "--curvature-batch", "10"]],
    ["text", "my text.txt", ["--features", "4", "--batch", "12", "--seq", "16", "--curvature-batch", "10"]],
  ])("compares each setting with that of the run, not with defaults: train %s", (command, subject, sizes) => {
    const out = `kept ${command}`;
    const model = ["--cell", "rnn", "--hidden", "6", "--start", "sparse-2013", "--radius", "1.2"];
    const rest = ["--optimizer", "hessian-free", "--cg-steps", "7", "--steps", "2", "--out", out];
    const made = longspan(folder, "train", command, subject, ...sizes, ...model, ...rest);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const resumed = (...args: string[]) =>
      longspan(folder, "train", command, "--resume", "--out", out, ...args);
    const stored = {
      "cg-steps": "7",
      damping: "1",
      "curvature-batch": "10",
      radius: "1.2",
      start: "sparse-2013",
    };
    const others = { "cg-steps": "50", damping: "2", "curvature-batch": "9", radius: "1.1", start: "cell" };
    const words = Object.entries(stored).flatMap(([name, value]) => [`--${name}`, value]);
    const same = resumed(...words);
    expect([same.code, same.stderr]).toEqual([0, ""]);
    for (const [name, was] of Object.entries(stored)) {
      const is = others[name as keyof typeof others];
      expect(resumed(`--${name}`, is).stderr).toBe(
        `error: --${name} ${is} differs from the run in ${out}, which has ${name} ${was}; a run goes on with its own settings\n`,
      );
    }
  });

  it.each([
    ["synthetic", "adding", ["--length", "10"]],
    ["text", "my text.txt", ["--features", "4", "--batch", "4", "--seq", "16"]],
  ])("names a setting in config.json that it does not know: train %s", (command, subject, sizes) => {
    const out = `newer ${command}`;
    const args = [...sizes, "--hidden", "4", "--steps", "1", "--out", out];
    expect(longspan(folder, "train", command, subject, ...args).code).toBe(0);
    const config = JSON.parse(readFileSync(at(out, "config.json"), "utf8"));
    for (const [name, meant] of [
      ["wings", ""],
      ["hiden", " (did you mean hidden?)"],
      ["out", ""],
    ]) {
      const settings = { ...config.settings, [name!]: 2 };
      writeFileSync(at(out, "config.json"), JSON.stringify({ ...config, settings }));
      const { code, stderr } = longspan(folder, "train", command, "--resume", "--out", out);
      expect([code, stderr]).toEqual([
        1,
        `error: ${out}/config.json: settings.${name} is unknown to this version of longspan${meant}; use the version that made the run or, if the entry was added by hand, take it out\n`,
      ]);
    }
  });

  it("names a checkpoint that is damaged, or of another architecture", () => {
    expect(train("damaged", ...plain.slice(0, -1), "3").code).toBe(0);
    const name = readdirSync(at("damaged")).find((n) => n.startsWith("checkpoint-"))!;
    const bytes = readFileSync(at("damaged", name));
    const resume = () => longspan(folder, "train", "text", "--resume", "--out", "damaged", "--steps", "5");
    for (const [damage, message] of [
      [bytes.subarray(0, bytes.length - 100), `error: damaged/${name}: weight file, `],
      [Buffer.from(bytes).fill(0xff, 0, 8), `error: damaged/${name}: weight file, byte 0: `],
    ] as const) {
      writeFileSync(at("damaged", name), damage);
      const { code, stderr } = resume();
      expect([code, stderr.startsWith(message), stderr.split("\n").length]).toEqual([1, true, 2]);
    }
    writeFileSync(at("damaged", name), bytes);
    const config = JSON.parse(readFileSync(at("damaged/config.json"), "utf8"));
    config.settings.hidden = 5;
    writeFileSync(at("damaged/config.json"), JSON.stringify(config));
    expect(resume().stderr).toContain(
      'tensor "params.layers[0].U": expected float32 [4, 20], found float32 [4, 32]',
    );
  });

  it("and every other writer are kept out while a run goes on", async () => {
    const command = [
      "train",
      "text",
      "my text.txt",
      "--json",
      "--out",
      "busy",
      ...plain.slice(0, -1),
      "100000",
    ];
    let second: ReturnType<typeof longspan> | undefined;
    await interrupted(
      folder,
      command,
      (out) => {
        if (!out.includes("progress")) return false;
        second = longspan(folder, "train", "text", "--resume", "--out", "busy");
        return true;
      },
      "SIGINT",
    );
    expect(second!.code).toBe(1);
    expect(second!.stderr).toMatch(
      /^error: busy is in use by process \d+; wait for it to end or choose another folder \(if it is gone, delete busy\/\.lock\)\n$/,
    );
  });
});
