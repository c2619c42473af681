import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);
const exploding = ["--cell", "rnn", "--clip", "none", "--warm-up", "0", "--on-explosion", "skip"];

/** The last event of a run, in its file. */
const lastEvent = (out: string) => jsonLines(readFileSync(at(out, "metrics.jsonl"), "utf8")).at(-1);
const reportOf = (out: string) => readFileSync(at(out, "report.html"), "utf8").replace(/<[^>]*>/g, " ");

beforeAll(() => writeFileSync(at("my text.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60)));

describe("a run whose loss is not finite", () => {
  it("on a problem: ends in order, is reported, and can be taken up again", () => {
    const model = [...exploding, "--hidden", "6", "--batch", "8", "--optimizer", "nesterov-2013"];
    const args = [
      "--length",
      "12",
      "--steps",
      "40",
      "--valid-every",
      "20",
      "--lr",
      "1e20",
      "--out",
      "problem",
    ];
    const first = longspan(folder, "train", "synthetic", "adding", ...model, ...args);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toContain("100 % wrong (10,000 of 10,000), loss not finite\n");
    const again = longspan(folder, "train", "synthetic", "--resume", "--out", "problem");
    expect([again.code, again.stderr]).toEqual([0, ""]);
    expect(lastEvent("problem")).toMatchObject({ event: "done", steps: 40, fresh: { loss: null, share: 1 } });
    expect(reportOf("problem")).toMatch(/Loss\s+not finite\s+squared error per answer/);
  });

  it("on a problem: inspect tells it", () => {
    const { code, stdout, stderr } = longspan(folder, "inspect", "problem");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/the loss at the last step is not finite\n[\s\S]*verdict +not finite: /);
  });

  // At the one rate the loss is infinite, at the other the logits are no numbers.
  it.each([
    ["infinite", "nesterov-2013", "1e37"],
    ["not a number", "sgd", "1e38"],
  ])("on a text: ends in order and says so, and so do eval and sample: %s", (out, optimizer, lr) => {
    const model = [...exploding, "--hidden", "16", "--features", "8", "--optimizer", optimizer, "--lr", lr];
    const sizes = ["--batch", "8", "--seq", "32", "--steps", "6", "--valid-every", "3", "--tensorboard"];
    const first = longspan(folder, "train", "text", "my text.txt", ...model, ...sizes, "--out", out);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toContain("held out  step 3   the loss is not finite\n");
    const end =
      "held out  no validation had a finite loss, and the parameters of the last step are kept; lower --lr or --clip\n";
    expect(first.stdout.slice(-end.length)).toBe(end);
    const again = longspan(folder, "train", "text", "--resume", "--out", out);
    expect([again.code, again.stderr]).toEqual([0, ""]);
    expect(lastEvent(out)).toMatchObject({ event: "done", valid: { step: 6, nats: null } });
    expect(reportOf(out)).toContain("No validation had a finite loss: it is left as its last step made it.");
    const measured = longspan(folder, "eval", out, "my text.txt");
    expect([measured.code, measured.stderr]).toEqual([0, ""]);
    expect(measured.stdout).toMatch(/^my text\.txt: the loss is not finite, over 2,219 characters in /);
    const drawn = longspan(folder, "sample", out, "--length", "5");
    if (out === "infinite") expect([drawn.code, drawn.stderr]).toEqual([0, ""]);
    else {
      expect(drawn.code).toBe(1);
      expect(drawn.stderr).toBe("error: sampling: the logits are not finite; are the parameters damaged?\n");
    }
  });
});
