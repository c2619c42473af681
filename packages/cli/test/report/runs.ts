import { modelConfig } from "../../src/jobs/text/config.js";
import type { TextDone, TextProgress, TextStart, TextValid } from "../../src/jobs/text/events.js";
import type { ReportedRun } from "../../src/jobs/text/report.js";
import { trainTextSettings } from "../../src/jobs/text/settings.js";
import { resolveSettings } from "../../src/settings/resolve.js";
import { keptSettings } from "../../src/settings/training.js";

export const config: ReportedRun["config"] = {
  text: { path: "texts/whale.txt", sha256: "", characters: 1000 },
  settings: {
    ...keptSettings(resolveSettings(trainTextSettings, {}).values),
    hidden: 8,
    features: 4,
    batch: 2,
    seq: 5,
  },
};

export function start(given: Partial<TextStart> = {}): TextStart {
  return {
    event: "start",
    path: config.text.path,
    level: "char",
    characters: { total: 1000, train: 900, valid: 100, different: 30 },
    model: modelConfig(config.settings),
    settings: config.settings,
    parameters: 1234,
    executor: "reference",
    out: "runs/whale",
    ...given,
  };
}

/** A report of step `step`, after half a second per step. */
export function progress(step: number, given: Partial<TextProgress> = {}): TextProgress {
  return {
    event: "progress",
    step,
    seconds: step / 2,
    fraction: step / 100,
    nats: 3 - step / 100,
    learningRate: 0.01,
    gradientNorm: 2,
    clippedNorm: 1,
    randomSteps: 0,
    skippedSteps: 0,
    charactersPerSecond: 7,
    ...given,
  };
}

export function valid(step: number, nats: number): TextValid {
  return { event: "valid", step, seconds: step / 2, nats, bitsPerCharacter: nats / Math.LN2, best: true };
}

/** The end, with the parameters of step `best`. */
export function done(steps: number, nats: number, best = steps): TextDone {
  return {
    event: "done",
    steps,
    seconds: steps / 2,
    ended: "budget",
    train: { nats: 2 },
    valid: { step: best, nats, bitsPerCharacter: nats / Math.LN2 },
    charactersPerSecond: 20,
    parameters: 1234,
    executor: "reference",
  };
}
