import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { openRun } from "longspan/node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { add } from "../src/commands/train.js";
import { kinds } from "../src/jobs/index.js";
import { predictRun } from "../src/predict/predict-run.js";
import { freshFolder, jsonLines } from "./command.js";
import { sumsRun } from "./sums/job.js";
import { sums } from "./sums/kind.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const page = readFileSync(
  fileURLToPath(new URL("../../../docs/add-a-kind-of-job.md", import.meta.url)),
  "utf8",
);
const at = (name: string) => join(folder, name);

/** The command line with the kind of the page: its folder, and its line in the list. */
async function longspan(...words: string[]): Promise<void> {
  const program = new Command("longspan").exitOverride();
  add(program.command("train"), [...kinds, sums]);
  await program.parseAsync(words, { from: "user" });
}
const lists = Array.from({ length: 40 }, (_, i) => {
  const values = Array.from({ length: 2 + (i % 4) }, (_, t) => ((i * 7 + t * 3) % 10) + 1);
  return { values, sum: values.reduce((a, b) => a + b, 0) };
});
beforeAll(() => writeFileSync(at("lists.jsonl"), lists.map((list) => JSON.stringify(list)).join("\n")));

describe("the kind of job that docs/add-a-kind-of-job.md writes", () => {
  it("is what the page shows, in under 150 lines", () => {
    const files = readdirSync(join(import.meta.dirname, "sums")).sort();
    expect(files).toEqual(["job.ts", "kind.ts"]);
    const codes = files.map((name) => readFileSync(join(import.meta.dirname, "sums", name), "utf8"));
    for (const code of codes) expect(page).toContain(`\`\`\`ts ignore\n${code}\`\`\``);
    expect(codes.join("").split("\n").length - 1).toBeLessThan(150);
  });

  it("trains, goes on with the same bits, and answers", async () => {
    const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const options = [
      "--valid",
      "0.25",
      "--lr",
      "0.01",
      "--schedule",
      "constant",
      "--valid-every",
      "50",
      "--json",
    ];
    await longspan("train", "sums", at("lists.jsonl"), "--steps", "300", ...options, "--out", at("whole"));
    await longspan("train", "sums", at("lists.jsonl"), "--steps", "120", ...options, "--out", at("cut"));
    await longspan("train", "sums", "--resume", "--steps", "300", "--out", at("cut"), "--json");
    expect(process.exitCode).toBe(0);
    expect(readFileSync(at("cut/weights.safetensors"))).toEqual(
      readFileSync(at("whole/weights.safetensors")),
    );
    const done = jsonLines(readFileSync(at("whole/metrics.jsonl"), "utf8")).at(-1)!;
    expect((done.valid as { error: number }).error).toBeLessThan(2);
    out.mockClear();
    expect(await (await sums.eval!())(at("whole"), undefined, {})).toBe(0);
    expect(String(out.mock.calls[0]![0])).toContain("mean error");
    out.mockClear();
    writeFileSync(at("asked.jsonl"), "[1, 2, 3]\n[9, 9]\n");
    expect(await predictRun(sums, at("whole"), at("asked.jsonl"), { batch: 8 })).toBe(0);
    const answers = jsonLines(String(out.mock.calls[0]![0]));
    out.mockRestore();
    expect(answers.map(({ line }) => line)).toEqual([1, 2]);
    expect(Math.abs((answers[0]!.sum as number) - 6)).toBeLessThan(3);
    const opened = openRun(at("whole"), sumsRun);
    expect(opened.kind).toBe("sums");
  });

  it("is told apart from other kinds", () => {
    expect(() => openRun(at("whole"))).toThrow('task is "sums", expected one of text, synthetic');
  });
});
