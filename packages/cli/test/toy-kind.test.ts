import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { decodeSafetensors, loadInto, zeros } from "longspan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { add } from "../src/commands/train.js";
import { kinds } from "../src/jobs/index.js";
import { freshFolder, jsonLines } from "./command.js";
import { number } from "./toy/kind.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
beforeAll(() => {
  process.exitCode = undefined;
});

/** The command line with one kind more: its line in the list, and its folder. */
async function longspan(...words: string[]): Promise<void> {
  const program = new Command("longspan").exitOverride();
  add(program.command("train"), [...kinds, number]);
  await program.parseAsync(words, { from: "user" });
}
const events = (out: string) => jsonLines(readFileSync(join(folder, out, "metrics.jsonl"), "utf8"));

describe("a kind of job is a folder and a line", () => {
  it("the folder has two files: what is said of it, and what it does", () => {
    expect(readdirSync(join(import.meta.dirname, "toy")).sort()).toEqual(["job.ts", "kind.ts"]);
  });

  it("is trained, saved, told and drawn, and goes on", async () => {
    const out = join(folder, "seven");
    const options = [
      "--optimizer",
      "sgd",
      "--lr",
      "0.1",
      "--schedule",
      "constant",
      "--clip",
      "none",
      "--json",
    ];
    await longspan("train", "number", "7", "--steps", "30", "--out", out, ...options);
    expect(process.exitCode).toBe(0);
    const [start, ...rest] = events("seven");
    expect(start).toMatchObject({ event: "start", number: 7, parameters: 2 });
    expect(rest.at(-1)).toMatchObject({ event: "done", steps: 30, ended: "budget" });
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("7 is to be learned.");
    await longspan("train", "number", "--steps", "400", "--resume", "--out", out, "--json");
    const all = events("seven");
    expect(all.map(({ event }) => event)).toContain("resumed");
    const { w } = loadInto(
      { w: zeros([2]) },
      decodeSafetensors(readFileSync(join(out, "weights.safetensors"))),
    );
    for (const part of await w.data()) expect(part).toBeCloseTo(7, 4);
  });

  it("has the checks of every kind", async () => {
    await expect(longspan("train", "number")).rejects.toThrow("the number is missing");
    const out = join(folder, "seven");
    await expect(longspan("train", "number", "7", "--steps", "1", "--out", out)).rejects.toThrow(
      "holds a run already",
    );
  });
});
