import { describe, expect, it } from "vitest";
import type { TextEvent } from "../../src/jobs/text/events.js";
import { runHistory as historyOf } from "../../src/report/run-history.js";
import { done, progress, start, valid } from "./runs.js";

const runHistory = (events: readonly TextEvent[]) => historyOf(events, { name: "nats", unit: "" });
const stepsOf = (events: readonly { readonly step: number }[]) => events.map(({ step }) => step);

describe("runHistory", () => {
  it("of nothing is empty", () => {
    expect(runHistory([])).toEqual({
      start: null,
      progress: [],
      validations: [],
      validated: false,
      best: null,
      resumed: [],
      end: null,
      sample: null,
    });
  });

  it("keeps the order, finds the best, and counts the last validation", () => {
    const history = runHistory([
      start(),
      progress(10),
      valid(10, 2.5),
      progress(20),
      valid(20, 2.1),
      progress(30),
      valid(30, 2.2),
      done(30, 2.1, 20),
    ]);
    expect(stepsOf(history.progress)).toEqual([10, 20, 30]);
    expect(history.validations.map(({ step, nats }) => [step, nats])).toEqual([
      [10, 2.5],
      [20, 2.1],
      [30, 2.2],
    ]);
    expect(history.best?.step).toBe(20);
    expect(history.end?.event).toBe("done");
  });

  it("after an interruption, the later events count", () => {
    const again = progress(20, { nats: 9 });
    const history = runHistory([
      start(),
      progress(10),
      progress(20),
      valid(20, 1),
      progress(30),
      { event: "stopped", steps: 30, seconds: 15, out: "runs/whale" },
      { event: "resumed", step: 15, seconds: 7 },
      again,
      valid(20, 2),
    ]);
    expect(stepsOf(history.progress)).toEqual([10, 20]);
    expect(history.progress[1]).toBe(again);
    expect([history.resumed, history.end, history.best?.nats]).toEqual([[15], null, 2]);
  });

  it("a second interruption further back takes the first one's marks away", () => {
    const history = runHistory([
      progress(10),
      { event: "resumed", step: 8, seconds: 4 },
      progress(12),
      { event: "resumed", step: 5, seconds: 2 },
      progress(6),
    ]);
    expect([stepsOf(history.progress), history.resumed]).toEqual([[6], [5]]);
  });

  it("without a word of the interruption, a step that comes again counts once", () => {
    const history = runHistory([progress(10), progress(20), progress(30), progress(20, { nats: 9 })]);
    expect(stepsOf(history.progress)).toEqual([10, 20]);
    expect(history.progress[1]?.nats).toBe(9);
  });

  it("a validation that is not finite is none", () => {
    const history = runHistory([valid(10, 2), valid(20, Number.NaN), valid(30, null as unknown as number)]);
    expect([stepsOf(history.validations), history.best?.step]).toEqual([[10], 10]);
  });
});
