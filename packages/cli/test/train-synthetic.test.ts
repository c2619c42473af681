import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, defaultExecutor, Key, runCells, spectralRadius } from "longspan";
import { afterAll, describe, expect, it } from "vitest";
import { problemOf } from "../src/jobs/synthetic/config.js";
import { syntheticLines } from "../src/jobs/synthetic/lines.js";
import { freshFolder, interrupted, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

const at = (...parts: string[]) => join(folder, ...parts);
const synthetic = (...args: string[]) => longspan(folder, "train", "synthetic", ...args);
const small = ["--hidden", "16", "--lr", "0.02"];

/** The lengths that batches of a run come in, shortest first. */
function lengthsOf(out: string): number[] {
  const problem = problemOf(JSON.parse(readFileSync(at(out, "config.json"), "utf8")));
  const batches = Array.from({ length: 50 }, (_, k) => problem.sample(Key.of(1), k, 1));
  return [...new Set(batches.map(({ structure }) => structure.levels))].sort((a, b) => a - b);
}

describe("train synthetic", () => {
  it("ends when hardly a fresh sequence is wrong, and says how many were", () => {
    const out = ["--out", "solved", "--json", "--save-seconds", "0.01"];
    const length = ["--length", "10", "--steps", "2000", "--valid-every", "100"];
    const { code, stdout, stderr } = synthetic("temporal-order", ...small, ...length, ...out);
    expect([code, stderr]).toEqual([0, ""]);
    const events = jsonLines(stdout);
    expect(events[0]).toEqual({
      event: "start",
      problem: "temporal-order",
      settings: expect.objectContaining({
        cell: "lstm",
        length: 10,
        lengths: null,
        steps: 2000,
        until: 0.01,
      }),
      baseline: Math.log(4),
      parameters: 6 * 64 + 16 * 64 + 64 + 16 * 4 + 4,
      executor: defaultExecutor().name,
      out: "solved",
    });
    const [valid, done] = events.slice(-2) as { step?: number; steps?: number }[];
    const { step, ...figures } = valid as { step: number; share: number };
    expect(step % 100).toBe(0);
    expect(done).toMatchObject({ event: "done", steps: step, ended: "solved" });
    expect(readFileSync(at("solved", "report.html"), "utf8")).toContain("Solved: of 10,000 fresh sequences");
    expect((done as { fresh: object }).fresh).toEqual({
      loss: expect.any(Number),
      wrong: expect.any(Number),
      sequences: 10_000,
      share: figures.share,
    });
    expect(figures.share).toBeLessThan(0.01);
    const steps = events.filter((e) => e.event === "progress").map((e) => e.step);
    expect(steps.at(-1)).toBe(step);
    const weights = decodeSafetensors(readFileSync(at("solved", "weights.safetensors")));
    expect(weights.metadata.get("step")).toBe(String(step));
    expect(existsSync(at("solved", "vocabulary.json"))).toBe(false);
  });

  it("cut in two by Ctrl-C and taken up again, ends with the same bits", async () => {
    const run = ["two-sequences", "--lengths", "5-9", "--hidden", "4", "--steps", "400", "--until", "none"];
    expect(synthetic(...run, "--valid-every", "60", "--out", "whole").code).toBe(0);
    const args = [...run, "--valid-every", "60", "--out", "cut", "--json", "--save-seconds", "0.01"];
    const cut = await interrupted(
      folder,
      ["train", "synthetic", ...args],
      (text) => text.includes('"valid"'),
      "SIGINT",
    );
    expect(cut.code).toBe(130);
    expect(lengthsOf("cut")).toEqual([5, 6, 7, 8, 9]);
    expect(cut.stderr).toMatch(
      /stopped after \d+ steps; everything is saved. To go on: longspan train synthetic two-sequences --resume --out cut\n$/,
    );
    const rest = synthetic("--resume", "--out", "cut", "--json");
    expect([rest.code, rest.stderr]).toEqual([0, ""]);
    expect(jsonLines(rest.stdout).map((e) => e.event)).toContain("resumed");
    expect(readFileSync(at("cut", "weights.safetensors"))).toEqual(
      readFileSync(at("whole", "weights.safetensors")),
    );
    const last = jsonLines(rest.stdout).at(-1)!;
    expect(last).toMatchObject({ event: "done", steps: 400, ended: "budget", fresh: { sequences: 10_000 } });
  });

  it("taken up again when it has ended, tells its speed as it was", () => {
    const rest = synthetic("--resume", "--out", "whole", "--json");
    expect([rest.code, rest.stderr]).toEqual([0, ""]);
    const { steps, seconds, stepsPerSecond } = jsonLines(rest.stdout).at(-1) as Record<string, number>;
    expect(stepsPerSecond! * seconds!).toBeCloseTo(steps!, 6);
    expect(synthetic("--resume", "--out", "whole").stdout).toMatch(/^done +400 steps, [\d.,]+ steps\/s$/m);
  });

  // A run of its own each: the networks of Pascanu et al. and of Sutskever et al., and every cell.
  for (const model of [
    "--cell rnn --start sigmoid",
    "--cell rnn --start smart-tanh --optimizer sgd",
    "--cell rnn --start sparse-2013 --radius 1.2 --optimizer nesterov-2013 --centred",
    ...runCells.map((cell) => `--cell ${cell}`),
  ])
    it(`trains ${model}`, () => {
      const words = ["--length", "12", "--steps", "3", ...model.split(" ")];
      const { code, stderr } = synthetic("adding", ...words, "--out", model.replaceAll(" ", ""));
      expect([code, stderr]).toEqual([0, ""]);
    });

  it("starts with the radius and the scale that it is told, from inputs without their mean", () => {
    const command = ["adding", "--length", "12", "--steps", "1", "--lr", "1e-30", "--clip", "none"];
    const start = ["--cell", "rnn", "--start", "sparse-2013", "--radius", "1.2", "--input-scale", "0.002"];
    const { code, stdout } = synthetic(...command, ...start, "--centred", "--json", "--out", "sparse");
    expect(code).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({
      settings: { radius: 1.2, inputScale: 0.002, centred: true },
    });
    const { tensors } = decodeSafetensors(readFileSync(at("sparse", "weights.safetensors")));
    const found = (name: string) => [...tensors.get(name)!.data];
    expect(spectralRadius(found("layer.W"), 50) / 1.2).toBeCloseTo(1, 4);
    const U = found("layer.U");
    expect(Math.sqrt(U.reduce((a, u) => a + u * u, 0) / U.length) / 0.002).toBeCloseTo(1, 0);
    // Answers near 0 miss by the spread of the right ones around their mean, and by that mean if it is not taken away.
    const loss = (text: string) => (jsonLines(text).at(-1) as { fresh: { loss: number } }).fresh.loss;
    expect(loss(stdout)).toBeCloseTo(1 / 24, 2);
    const uncentred = synthetic(...command, ...start, "--json", "--out", "not centred");
    expect(loss(uncentred.stdout)).toBeCloseTo(1 / 24 + 1 / 4, 2);
  });

  it.each([
    [["addin"], 2, "error: there is no task addin (did you mean adding?); the tasks are temporal-order, "],
    [[], 2, "error: the name of a task is missing\n"],
    [
      ["latch", "--length", "3"],
      2,
      "error: latch: length is an integer of at least 4, or the shortest and the longest of such lengths: ",
    ],
    [
      ["embedded-reber", "--lengths", "20-50"],
      2,
      "error: --lengths 20-50 has no effect on embedded-reber: the grammar draws the lengths of its strings\n",
    ],
    [
      ["adding", "--lengths", "50-20"],
      2,
      "error: option '--lengths <from-to>' argument '50-20' is invalid. Expected two whole numbers with a - between them, the smaller one first, such as 50-200.\n",
    ],
    [
      ["adding", "--start", "sigmoid"],
      2,
      "error: --start sigmoid has no effect with --cell lstm (the default); it belongs to --cell rnn\n",
    ],
    [["adding", "--length", "20", "--lengths", "20-30"], 2, "error: option '--length"],
    [
      ["adding", "--resume", "--out", "solved"],
      1,
      "error: the run in solved is on temporal-order, not on adding\n",
    ],
    [
      ["--resume", "--out", "solved", "--hidden", "17"],
      1,
      "error: --hidden 17 differs from the run in solved, which has hidden 16; a run goes on with its own settings\n",
    ],
  ])("%j is refused", (args, code, message) => {
    const finished = synthetic(...args);
    expect(finished.stderr.slice(0, message.length)).toBe(message);
    expect(finished.code).toBe(code);
  });

  it("a run of a text is not a run of a task, and the other way round", () => {
    const { code, stderr } = longspan(folder, "sample", "solved");
    expect([code, stderr]).toEqual([1, 'error: solved/config.json: task is "synthetic", expected "text"\n']);
  });
});

describe("lines on a synthetic run", () => {
  const progress = {
    event: "progress",
    step: 1234,
    fraction: 0.256,
    loss: 0.5,
    stepsPerSecond: 812.4,
    learningRate: 0.01,
    gradientNorm: 2.345,
    clippedNorm: 1,
    randomSteps: 0,
    skippedSteps: 0,
    seconds: 2,
  } as const;

  it("say the share that is wrong", () => {
    const valid = {
      event: "valid",
      step: 500,
      seconds: 1,
      loss: 0.25,
      wrong: 7,
      sequences: 1000,
      share: 0.007,
    } as const;
    expect(syntheticLines().of(valid, Number.NaN)).toEqual([
      ["fresh", "step 500   0.7 % wrong (7 of 1,000), loss 0.250"],
    ]);
    expect(syntheticLines().of(progress, 100)).toEqual([
      ["step", "  1,234    25 %   loss 0.500   812 steps/s   2 min left"],
    ]);
  });

  it("say the flow of gradients, with --flow", () => {
    const flowing = { ...progress, flow: { omega: 1.25, ratio: 0.875, skipped: 0 } };
    expect(syntheticLines().of(flowing, 100)).toEqual([
      ["step", "  1,234    25 %   loss 0.500   812 steps/s   flow ratio 0.875, omega 1.25   2 min left"],
    ]);
  });

  it("the live line is cut to the terminal", () => {
    expect(syntheticLines().live(progress, 100, 80)).toBe(
      "step 1,234  25 %  loss 0.500  812 steps/s  gradient norm 2.35  2 min left",
    );
    expect(syntheticLines().live(progress, 100, 50)).toBe(
      "step 1,234  25 %  loss 0.500  |g| 2.35  2 min left",
    );
    expect(syntheticLines().live(progress, 100, 8)).toBe("step 1,2");
  });
});
