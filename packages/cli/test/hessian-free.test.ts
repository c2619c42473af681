import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { syntheticLines } from "../src/jobs/synthetic/lines.js";
import { freshFolder, interrupted, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => writeFileSync(at("my text.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60)));

const small = ["--cell", "rnn", "--hidden", "10", "--optimizer", "hessian-free"];
const adding = [
  "synthetic",
  "adding",
  "--length",
  "10",
  ...small,
  "--batch",
  "60",
  "--curvature-batch",
  "30",
];
const text = ["text", "my text.txt", "--features", "4", "--batch", "4", "--seq", "16", ...small];
const fewer = ["--curvature-batch", "3"];

/** The tensors of the last checkpoint: parameters, damping and the last solution among them. */
function tensors(out: string): Buffer {
  const [name, ...more] = readdirSync(at(out)).filter((n) => n.startsWith("checkpoint-"));
  expect(more).toEqual([]);
  return readFileSync(at(out, name!));
}

/** By the second look at held-out data, a checkpoint is there. */
const twoLooks = (out: string) => out.split('"event":"valid"').length > 2;

describe("--optimizer hessian-free", () => {
  it.each([
    ["adding", [...adding, "--steps", "12", "--valid-every", "4", "--until", "none"]],
    ["text", [...text, ...fewer, "--steps", "12", "--valid-every", "4"]],
  ])("%s: killed in its course and taken up again, ends with the same bits", async (name, args) => {
    const whole = longspan(folder, "train", ...args, "--out", `${name}-whole`, "--save-seconds", "0.01");
    expect([whole.code, whole.stderr]).toEqual([0, ""]);
    const cut = [...args, "--out", `${name}-cut`, "--save-seconds", "0.01", "--json"];
    const killed = await interrupted(folder, ["train", ...cut], twoLooks, "SIGKILL");
    expect(killed.code).not.toBe(0);
    const rest = longspan(folder, "train", args[0]!, "--resume", "--out", `${name}-cut`, "--json");
    expect([rest.code, rest.stderr]).toEqual([0, ""]);
    expect(jsonLines(rest.stdout).some((e) => e.event === "resumed")).toBe(true);
    expect(tensors(`${name}-cut`).equals(tensors(`${name}-whole`))).toBe(true);
  });

  it("tells damping, conjugate gradient steps, curvature and cost, and lowers the loss fast", () => {
    const { code, stdout } = longspan(folder, "train", ...adding, "--steps", "30", "--json", "--out", "told");
    expect(code).toBe(0);
    const events = jsonLines(stdout);
    const progress = events.filter((e) => e.event === "progress") as unknown as {
      secondOrder: Record<string, number>;
      learningRate: number;
    }[];
    const { secondOrder, learningRate } = progress.at(-1)!;
    expect(learningRate).toBe(1);
    expect(secondOrder).toMatchObject({ curvatureBatch: 30, negativeCurvature: 0 });
    expect(secondOrder.cgSteps).toBeGreaterThan(5);
    expect(secondOrder.damping).toBeLessThan(1);
    expect(secondOrder.cost).toBeGreaterThan(5);
    const done = events.at(-1) as unknown as { fresh: { loss: number } };
    expect(done.fresh.loss).toBeLessThan(0.6 / 24);
    const [line] = syntheticLines().of(progress.at(-1) as never, Number.NaN);
    expect(line![1]).toMatch(/damping 0\.\d+, [\d.]+ cg steps$/);
    expect(syntheticLines().live(progress.at(-1) as never, Number.NaN, 200)).toMatch(/cg steps/);
  });

  it("refuses settings that have no effect, and a curvature batch larger than the batch", () => {
    const damping = longspan(folder, "train", "synthetic", "adding", "--damping", "2");
    expect(damping.stderr).toMatch(
      /--damping 2 has no effect with --optimizer adam.*--optimizer hessian-free/,
    );
    const large = longspan(folder, "train", ...adding.slice(0, -1), "61");
    expect(large.stderr).toMatch(/--curvature-batch 61: the batch has only 60 sequences/);
    const larger = longspan(folder, "train", ...text, "--curvature-batch", "5");
    expect(larger.stderr).toMatch(/--curvature-batch 5: the batch has only 4 sequences/);
    expect([damping.code, large.code, larger.code]).toEqual([2, 2, 2]);
  });
});
