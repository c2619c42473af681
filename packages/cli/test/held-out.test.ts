import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);
const small = ["--hidden", "8", "--features", "4", "--batch", "4", "--seq", "16", "--steps", "5"];
const train = (...args: string[]) => longspan(folder, "train", "text", "my text.txt", ...small, ...args);

beforeAll(() => {
  writeFileSync(at("my text.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60));
});

describe("--valid 0", () => {
  it("trains on the whole text, keeps the parameters of the last step, and says so", () => {
    const { code, stdout, stderr } = train("--valid", "0", "--out", "all", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const events = jsonLines(stdout);
    expect(events[0]).toMatchObject({ characters: { total: 2220, train: 2220, valid: 0 } });
    expect(events.map((e) => e.event).filter((e) => e !== "progress")).toEqual(["start", "sample", "done"]);
    expect(events.at(-1)).not.toHaveProperty("valid");
    expect(existsSync(at("all/weights.safetensors"))).toBe(true);
    const report = readFileSync(at("all/report.html"), "utf8");
    expect(report).toContain(
      "Nothing was held out, so how it predicts a text that it has not seen was not measured.",
    );
    expect(report).not.toContain("No validation");
    expect(longspan(folder, "sample", "all", "--length", "5").code).toBe(0);
  });

  it("says so in lines for people", () => {
    const { stdout } = train("--valid", "0", "--out", "lines");
    expect(stdout).toContain("my text.txt: 2,220 characters, 14 different; nothing is held out\n");
    expect(stdout).toContain("held out  nothing, and the parameters of the last step are kept\n");
  });

  it("goes on", () => {
    const { code, stdout } = longspan(
      folder,
      "train",
      "text",
      "--resume",
      "--out",
      "all",
      "--steps",
      "8",
      "--json",
    );
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "done", steps: 8 });
  });

  it("leaves inspect nothing to look at", () => {
    expect(longspan(folder, "inspect", "all").stderr).toBe(
      "error: all was trained with nothing held out (--valid 0); name a text with --data\n",
    );
    expect(longspan(folder, "inspect", "all", "--data", "my text.txt", "--steps", "20").code).toBe(0);
  });

  it.each([
    [["--early-stop", "2"], "--early-stop 2"],
    [["--valid-every", "3"], "--valid-every 3"],
    [["--watch-flow", "3"], "--watch-flow 3"],
    [["--schedule", "plateau"], "--schedule plateau"],
    [["--beyond", "5"], "--beyond 5"],
  ])("excludes what looks at held-out text: %j", (args, phrase) => {
    expect(train("--valid", "0", "--out", "none", ...args)).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: ${phrase} looks at text that is held out, and --valid 0 holds out nothing; leave one of them out\n`,
    });
  });
});

describe("a share that holds out less than a validation needs", () => {
  it.each(["1e-12", "0.00001", "1e-300", "0.0004"])("--valid %s is what the error names", (share) => {
    const { code, stdout, stderr } = train("--valid", share, "--out", "none");
    expect([code, stdout]).toEqual([1, ""]);
    const [, given, suggested] =
      /^error: --valid (\S+) holds out [01] of the 2,220 characters of my text\.txt, and a validation needs 2; give --valid (\S+) or more, or --valid 0 to hold out nothing\n$/.exec(
        stderr,
      )!;
    expect(Number(given)).toBe(Number(share));
    expect(suggested).toBe("0.001");
    expect(train("--valid", suggested!, "--out", `enough ${share}`).code).toBe(0);
  });

  it.each([
    ["0.9999999999999999", /needs 585,467,951,558,164,\d{3}; lower --batch, --seq or --valid \(/],
    ["0.98", /needs 3,250; lower --batch, --seq or --valid \(/],
  ])("--valid %s leaves too little to train on", (share, message) => {
    expect(train("--valid", share, "--out", "none").stderr).toMatch(message);
  });
});
