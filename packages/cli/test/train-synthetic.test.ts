import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, defaultExecutor, Key, memoryRunCells, runCells, spectralRadius } from "longspan";
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

  // Problems of each kind at their usual lengths, and every cell with a memory.
  const tiny = ["--hidden", "3", "--steps", "1", "--batch", "1", "--until", "none"];
  for (const name of ["copy", "n-grams", "an-bm-cnm", "embedded-reber"])
    it(`knows ${name}`, () => {
      const { code, stderr, stdout } = synthetic(name, ...tiny, "--cell", "rnn", "--out", `of ${name}`);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(new RegExp(`^task +${name}`, "m"));
    });
  for (const cell of memoryRunCells)
    it(`trains --cell ${cell}, goes on with it, and inspects it`, async () => {
      const run = ["associative-recall", "--length", "2", "--cell", cell, "--rows", "5", "--width", "3"];
      const budget = [
        "--hidden",
        "4",
        "--steps",
        "60",
        "--batch",
        "2",
        "--valid-every",
        "20",
        "--until",
        "none",
      ];
      const [whole, cut] = [`whole ${cell}`, `cut ${cell}`];
      expect(synthetic(...run, ...budget, "--out", whole).stderr).toBe("");
      const args = [...run, ...budget, "--out", cut, "--json", "--save-seconds", "0.01"];
      const broken = await interrupted(
        folder,
        ["train", "synthetic", ...args],
        (text) => text.includes('"valid"'),
        "SIGINT",
      );
      expect(broken.code).toBe(130);
      const rest = synthetic("--resume", "--out", cut);
      expect([rest.code, rest.stderr]).toEqual([0, ""]);
      expect(readFileSync(at(cut, "weights.safetensors"))).toEqual(
        readFileSync(at(whole, "weights.safetensors")),
      );
      const looked = longspan(folder, "inspect", cut, "--sequences", "2");
      expect([looked.code, looked.stderr]).toEqual([0, ""]);
    });

  it("says the bits of a sequence, also at lengths beyond those of training", () => {
    const run = ["copy", "--lengths", "1-2", "--cell", "ntm-feedforward", "--rows", "6", "--width", "3"];
    const { code, stdout } = synthetic(...run, ...tiny, "--beyond", "5,2", "--json", "--out", "beyond");
    expect(code).toBe(0);
    const [first, last] = [jsonLines(stdout)[0]!, jsonLines(stdout).at(-1)!];
    expect(first.settings).toMatchObject({ lengths: "1-2", length: null, rows: 6, width: 3, beyond: "5,2" });
    expect(last.beyond).toMatchObject([
      { length: 2, seen: true, sequences: 1000 },
      { length: 5, seen: false, sequences: 1000 },
    ]);
    const { loss, bits } = (last.beyond as { loss: number; bits: { cost: number; wrong: number } }[])[1]!;
    // Five vectors of eight bits, of which hardly anything is known.
    expect(bits.cost).toBeCloseTo((5 * loss) / Math.LN2, 6);
    expect(bits.wrong).toBeGreaterThan(15);
    const again = synthetic("--resume", "--out", "beyond").stdout;
    const scored = "[\\d.]+ % wrong \\([\\d,]+ of 1,000\\), loss .* bits per sequence, ";
    expect(again).toMatch(new RegExp(`^ *length +2, seen in training +${scored}`, "m"));
    expect(again).toMatch(new RegExp(`^ *length +5, not seen in training +${scored}`, "m"));
    const page = readFileSync(at("beyond", "report.html"), "utf8");
    expect(page).toContain('<th scope="row">1-2</th><td>yes</td>');
    expect(page).toContain('<th scope="row">5</th><td>no</td>');
    expect(synthetic("n-grams", ...tiny, "--out", "usual").stdout).toContain("n-grams, 200 bits; without");
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
    [
      ["copy", "--rows", "20"],
      2,
      `error: --rows 20 has no effect with --cell lstm (the default); it belongs to --cell ${memoryRunCells[0]}`,
    ],
    [
      ["copy", "--beyond", "40,x"],
      2,
      "error: option '--beyond <lengths>' argument '40,x' is invalid. Expected whole numbers of at least 1 with commas between them, such as 40,80,120.\n",
    ],
    [
      ["temporal-order", "--length", "50", "--beyond", "9"],
      2,
      "error: temporalOrder: length is an integer of at least 10, ",
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
