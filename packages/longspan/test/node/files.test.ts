import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adam,
  CheckpointError,
  Key,
  languageModel,
  leaves,
  onCpu,
  startTraining,
  textStreams,
  textTask,
  train,
} from "longspan";
import {
  checkpointFiles,
  FileError,
  jsonLinesFile,
  recordMetrics,
  replaceFile,
  tensorBoardFile,
} from "longspan/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longspan files "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const optimiser = adam();
const model = languageModel({ vocabulary: 3, features: 3, hidden: 4 });
const text = Int32Array.from({ length: 200 }, (_, i) => (i * i) % 3);
const task = textTask(model, textStreams(text, { streams: 2, steps: 5 }));
const start = () => startTraining(task, optimiser, model.init(Key.of(1)));
const numbers = (tree: unknown) => leaves(tree).flatMap((t) => [...onCpu(t).toArray()]);
const usual = { optimiser, key: Key.of(2), reportSeconds: 0 };

describe("JSON lines", () => {
  it("grow, and go on behind the last whole line", () => {
    const file = jsonLinesFile(at("m"));
    file.add({ a: 1 });
    file.sync();
    file.add({ b: "é\n" });
    file.close();
    const whole = readFileSync(at("m"), "utf8");
    expect(whole).toBe('{"a":1}\n{"b":"é\\n"}\n');
    for (const tail of ["", '{"c', "x".repeat(9000)]) {
      writeFileSync(at("m"), whole + tail);
      const more = jsonLinesFile(at("m"), { append: true });
      more.add({ d: 2 });
      more.close();
      expect(readFileSync(at("m"), "utf8")).toBe(`${whole}{"d":2}\n`);
    }
    writeFileSync(at("m"), "no line at all");
    jsonLinesFile(at("m"), { append: true }).close();
    expect(readFileSync(at("m"), "utf8")).toBe("");
    jsonLinesFile(at("new"), { append: true }).close();
    expect(readFileSync(at("new"), "utf8")).toBe("");
  });
});

describe("checkpoint files", () => {
  it("hold one checkpoint, from which the run goes on", async () => {
    const files = checkpointFiles(folder);
    expect(files.load(start())).toBeNull();
    const names: string[][] = [];
    const first = await train(task, start(), {
      ...usual,
      budget: { steps: 3 },
      callbacks: [
        files.saving({ seconds: 0 }),
        { onReport: () => void names.push(readdirSync(folder).sort()) },
      ],
    });
    expect(names).toEqual([1, 2, 3].map((step) => [`checkpoint-${step}-0.safetensors`, "checkpoint.json"]));
    expect(files.savedStep).toBe(3);
    const loaded = checkpointFiles(folder).load(start())!;
    expect(numbers(loaded)).toEqual(numbers(first.state));
    const whole = await train(task, start(), { ...usual, budget: { steps: 6 } });
    const rest = await train(task, loaded, { ...usual, budget: { steps: 6 } });
    expect(numbers(rest.state)).toEqual(numbers(whole.state));
    files.clear();
    expect(readdirSync(folder)).toEqual([]);
    expect(files.load(start())).toBeNull();
  });

  it("are saved as often as asked for, and at the end", async () => {
    const files = checkpointFiles(folder);
    const seen: (number | null)[] = [];
    await train(task, start(), {
      ...usual,
      budget: { steps: 3 },
      callbacks: [files.saving({ seconds: 3600 }), { onReport: () => void seen.push(files.savedStep) }],
    });
    expect([seen, files.savedStep]).toEqual([[null, null, null], 3]);
  });

  it("clean up what a kill left", async () => {
    writeFileSync(at(".checkpoint-7-0.safetensors.123.tmp"), "half");
    writeFileSync(at("checkpoint-6-0.safetensors"), "never named by checkpoint.json");
    const files = checkpointFiles(folder);
    expect(files.load(start())).toBeNull();
    await files.save(start());
    expect(readdirSync(folder).sort()).toEqual(["checkpoint-0-0.safetensors", "checkpoint.json"]);
  });

  it("that are damaged say which and how", async () => {
    const files = checkpointFiles(folder);
    await files.save(start());
    const tensors = at("checkpoint-0-0.safetensors");
    const [bytes, json] = [readFileSync(tensors), readFileSync(at("checkpoint.json"), "utf8")];
    const load = () => files.load(start());
    writeFileSync(tensors, bytes.subarray(0, -4));
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(`${tensors}: weight file, `);
    rmSync(tensors);
    expect(load).toThrow(`cannot read ${tensors}: no such file or folder`);
    writeFileSync(tensors, bytes);
    for (const broken of ["", "{", json.slice(0, 40), '{"tensors":"../../etc/passwd"}', "null"]) {
      writeFileSync(at("checkpoint.json"), broken);
      expect(load).toThrow(`${at("checkpoint.json")} is damaged: `);
    }
  });
});

describe("recorded metrics", () => {
  it("hold what the run told, as JSON lines and for TensorBoard", async () => {
    const [lines, board] = [jsonLinesFile(at("metrics.jsonl")), tensorBoardFile(at("board"))];
    const losses: number[] = [];
    await train(task, start(), {
      ...usual,
      budget: { steps: 3 },
      validation: { every: { steps: 2 }, run: async () => 1.5 },
      callbacks: [recordMetrics({ lines, board }), { onReport: ({ loss }) => void losses.push(loss) }],
    });
    lines.close();
    board.close();
    const events = readFileSync(at("metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; step: number; loss: number });
    expect(events.map(({ event, step }) => [event, step])).toEqual([
      ["report", 1],
      ["report", 2],
      ["validation", 2],
      ["report", 3],
      ["validation", 3],
    ]);
    expect(events.filter((e) => e.event === "report").map((e) => e.loss)).toEqual(losses);
    // A record is 16 bytes around an event; the header is the first. What the events hold is tested with the encoder.
    const bytes = readFileSync(board.path);
    const lengths: number[] = [];
    for (let i = 0; i < bytes.length; i += lengths.at(-1)! + 16) lengths.push(bytes.readUInt32LE(i));
    expect(lengths.length).toBe(1 + events.length);
    expect(bytes.includes("loss/held out")).toBe(true);
  });
});

/** A small file system, if the test may make one. */
function withSmallDisk(test: (path: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const path = at("disk");
    mkdirSync(path);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=400k", "tmpfs", path], { stdio: "ignore" });
    } catch {
      // Mounting is root's alone, and not every container's root may.
      console.warn("no file system can be mounted here: the test of a full disk is not run");
      return;
    }
    try {
      await test(path);
    } finally {
      execFileSync("umount", [path]);
    }
  };
}

describe("a full disk", () => {
  it(
    "is told in one line, and the last checkpoint stays",
    withSmallDisk(async (disk) => {
      const files = checkpointFiles(disk);
      const { state } = await train(task, start(), {
        ...usual,
        budget: { steps: 3 },
        callbacks: [files.saving()],
      });
      writeFileSync(
        join(disk, "filler"),
        new Uint8Array(380_000 - readFileSync(join(disk, "checkpoint-3-0.safetensors")).length),
      );
      const before = readdirSync(disk).sort();
      await expect(
        train(task, files.load(start())!, {
          ...usual,
          budget: { steps: 9 },
          callbacks: [{ onReport: async () => replaceFile(join(disk, "more"), new Uint8Array(100_000)) }],
        }),
      ).rejects.toThrow(`cannot write to ${join(disk, "more")}: the disk is full`);
      expect(readdirSync(disk).sort()).toEqual(before);
      expect(numbers(files.load(start()))).toEqual(numbers(state));
    }),
  );

  it("errors keep their cause", () => {
    try {
      replaceFile(at("none/file"), "x");
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FileError);
      expect((error as FileError).path).toBe(at("none/file"));
      expect(((error as FileError).cause as NodeJS.ErrnoException).code).toBe("ENOENT");
    }
  });
});
