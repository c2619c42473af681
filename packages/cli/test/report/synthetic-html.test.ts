import { describe, expect, it } from "vitest";
import type { SyntheticRunConfig } from "../../src/jobs/synthetic/config.js";
import type { SyntheticEvent } from "../../src/jobs/synthetic/events.js";
import { syntheticHtml } from "../../src/jobs/synthetic/report.js";
import { trainSyntheticSettings } from "../../src/jobs/synthetic/settings.js";
import { resolveSettings } from "../../src/settings/resolve.js";
import { keptSettings } from "../../src/settings/training.js";

const configOf = (problem: SyntheticRunConfig["problem"]): SyntheticRunConfig => ({
  task: "synthetic",
  problem,
  settings: {
    ...keptSettings(resolveSettings(trainSyntheticSettings, {}).values),
    length: 100,
    hidden: 7,
    layers: 2,
  },
});

const figures = { learningRate: 0.01, gradientNorm: 2, clippedNorm: 1, randomSteps: 0, skippedSteps: 0 };
const progress = (step: number, loss: number): SyntheticEvent => ({
  event: "progress",
  step,
  seconds: step / 2,
  fraction: step / 100,
  loss,
  stepsPerSecond: 4,
  ...figures,
});
const valid = (step: number, wrong: number, loss: number): SyntheticEvent => ({
  event: "valid",
  step,
  seconds: step / 2,
  loss,
  wrong,
  sequences: 1000,
  share: wrong / 1000,
});
const start = (config: SyntheticRunConfig): SyntheticEvent => ({
  event: "start",
  problem: config.problem,
  settings: config.settings,
  baseline: 1.386,
  parameters: 1234,
  executor: "reference",
  out: "runs/order",
});
const done: SyntheticEvent = {
  event: "done",
  steps: 100,
  seconds: 50,
  ended: "solved",
  fresh: { loss: Math.LN2 / 8, wrong: 25, sequences: 10_000, share: 0.0025 },
  stepsPerSecond: 2,
  parameters: 1234,
  executor: "reference",
};

const textOf = (page: string) =>
  page
    .replace(/<(style|script)\b[^>]*>.*?<\/\1>/gs, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
const pathOf = (page: string, chart: string, look: string) => {
  const drawing = new RegExp(`<figure class="chart" id="${chart}">.*?</figure>`, "s").exec(page)![0];
  return new RegExp(`<path class="line ${look}" d="([^"]*)"`).exec(drawing)![1]!;
};

describe("syntheticHtml", () => {
  const config = configOf("temporal-order");

  it("tells the outcome, draws loss and wrong answers to scale, lists the settings", () => {
    const page = syntheticHtml(config, [
      start(config),
      progress(50, 1),
      valid(50, 400, 0.9),
      progress(100, 0.5),
      valid(100, 100, 0.4),
      done,
    ]);
    const text = textOf(page);
    for (const part of [
      "2 layers of 7 units (lstm), trained on sequences that never come twice. Solved: of 10,000 fresh sequences it answers 25 wrongly (0.25 %).",
      "Wrong 0.25 % of 10,000 fresh sequences",
      "Loss 0.087 nats, 0.125 bits per answer",
      "Without memory 1.386 nats per answer",
      "Steps 100",
      "Training time 50 s",
      "Speed 2 steps per second",
      "task temporal-order length 100",
    ])
      expect(text).toContain(part);
    // From 0 to 0.42 over 170 pixels: 0.4 lies at 8.1, 0.1 at 129.5.
    expect(pathOf(page, "wrong", "valid")).toBe("M500 8.1L1000 129.5");
    // From 0.37 to 1.03 over 280 pixels.
    expect(pathOf(page, "loss", "training")).toBe("M500 12.7L1000 224.8");
    expect(pathOf(page, "speed", "plain")).toMatch(/^M500 \S+L1000 /);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("steps that were taken twice count once, and a run that goes on has not ended", () => {
    const page = syntheticHtml(config, [
      start(config),
      progress(50, 1),
      valid(50, 400, 0.9),
      progress(100, 0.5),
      { event: "resumed", step: 50, seconds: 25 },
      valid(100, 200, 0.6),
      progress(100, 0.6),
    ]);
    expect(textOf(page)).toContain("Not finished: the last report came at step 100.");
    expect(pathOf(page, "wrong", "valid")).toBe("M500 8.1L1000 89");
  });

  it.each([
    ["temporal-order", "nats"],
    ["adding", "squared error"],
  ] as const)("a loss that the file of %s holds as null is not finite", (problem, measure) => {
    const config = configOf(problem);
    const fresh = { loss: null as unknown as number, wrong: 10_000, sequences: 10_000, share: 1 };
    const text = textOf(syntheticHtml(config, [start(config), progress(100, 0.5), { ...done, fresh }]));
    expect(text).toContain(`Loss not finite ${measure} per answer`);
  });

  it("bits are counted by the sequence, and lengths beyond those of training have their figures", () => {
    const copy = configOf("copy");
    const score = { loss: 0.5, wrong: 40, sequences: 1000, share: 0.04, bits: { cost: 1.25, wrong: 0.5 } };
    const text = textOf(
      syntheticHtml(copy, [
        start(copy),
        progress(100, 0.5),
        { ...done, fresh: score, beyond: [{ length: 120, seen: false, ...score }] },
      ]),
    );
    for (const part of [
      "Cost 1.25 bits per sequence",
      "Wrong bits 0.5 per sequence",
      "By length length seen in training wrong of sequences loss bits each",
      "120 no 4 % 1,000 0.500 1.25",
    ])
      expect(text).toContain(part);
  });

  it("a squared error has no bits", () => {
    const adding = configOf("adding");
    const text = textOf(syntheticHtml(adding, [start(adding), progress(100, 0.5), done]));
    expect(text).toContain("Loss 0.087 squared error per answer");
  });
});
