import {
  evaluateText,
  Key,
  type LanguageModelState,
  languageModel,
  logConditionals,
  onCpu,
  type Tensor,
  TextTooShortError,
  tensor,
  textStreams,
  textTask,
} from "longspan";
import { describe, expect, it } from "vitest";
import { settled } from "../../../../tests/settled.js";

const text = Int32Array.from({ length: 61 }, (_, i) => (i * i + (i >> 2)) % 4);
const model = languageModel({ vocabulary: 4, features: 3, hidden: 5, layers: 2 });
const params = model.init(Key.of(1), "float64");
/** The log-probability of a text's symbols but the first, formed without cutting it. */
function logProbability(symbols: Int32Array): number {
  const conditionals = [...onCpu(logConditionals(model, params, tensor([...symbols], "int32"))).toArray()];
  return conditionals.slice(1).reduce((a, b) => a + b);
}

const exact = -logProbability(text) / 60;

describe("training along a text", () => {
  it("with the state carried, the segments' losses are those of the text uncut", () => {
    const task = textTask(model, textStreams(text, { streams: 1, steps: 7 }));
    let carried: LanguageModelState = task.carriedAtStart(params);
    let total = 0;
    for (let step = 0; step < 9; step++) {
      const batch = task.batch(step);
      const result = task.loss(params, batch, carried, Key.of(0));
      total += onCpu(result.loss).item() * task.predictions(batch);
      carried = result.carried;
    }
    expect(Math.abs(total / 60 - exact)).toBeLessThan(1e-12);
  });

  it("two streams are two texts", () => {
    const task = textTask(model, textStreams(text, { streams: 2, steps: 30 }));
    const { loss } = task.loss(params, task.batch(0), task.carriedAtStart(params), Key.of(0));
    const halves = [text.slice(0, 31), text.slice(30, 61)].map(logProbability);
    expect(Math.abs(onCpu(loss).item() + (halves[0]! + halves[1]!) / 60)).toBeLessThan(1e-12);
  });

  it("at the beginning of a pass, what was carried is left aside", () => {
    const task = textTask(model, textStreams(text, { streams: 2, steps: 10 }));
    const zero = task.carriedAtStart(params);
    const { carried } = task.loss(params, task.batch(0), zero, Key.of(0));
    const first = (state: LanguageModelState) =>
      onCpu(task.loss(params, task.batch(3), state, Key.of(0)).loss).item();
    const second = (state: LanguageModelState) =>
      onCpu(task.loss(params, task.batch(4), state, Key.of(0)).loss).item();
    expect(task.batch(3).fresh).toBe(true);
    expect(first(carried as LanguageModelState)).toBe(first(zero));
    expect(second(carried as LanguageModelState)).not.toBe(second(zero));
  });

  it("starts from zeros", () => {
    const zero = textTask(model, textStreams(text, { streams: 3, steps: 4 })).carriedAtStart(params);
    expect(zero.map((slots) => Object.keys(slots))).toEqual([
      ["h", "s"],
      ["h", "s"],
    ]);
    for (const { h, s } of zero)
      for (const slot of [h!, s!]) {
        expect(slot.shape).toEqual([3, 5]);
        expect([...onCpu(slot as Tensor).toArray()]).toEqual(new Array(15).fill(0));
      }
  });
});

describe("evaluation", () => {
  it("is that of the text uncut, however it is cut", async () => {
    for (const steps of [1, 7, 60, 1000]) {
      const { nats, predictions, complete } = await evaluateText(model, params, text, { steps });
      expect(Math.abs(nats - exact)).toBeLessThan(1e-12);
      expect([predictions, complete]).toEqual([60, true]);
    }
    expect(Math.abs((await evaluateText(model, params, text)).nats - exact)).toBeLessThan(1e-12);
  });

  it("in streams, each begins without a past", async () => {
    const { nats, predictions } = await evaluateText(model, params, text, { streams: 7 });
    expect(predictions).toBe(56);
    const parts = Array.from({ length: 7 }, (_, b) => text.slice(8 * b, 8 * b + 9));
    const total = parts.map(logProbability);
    expect(Math.abs(nats + total.reduce((a, b) => a + b) / 56)).toBeLessThan(1e-12);
  });

  it("ends early when the signal comes", async () => {
    const { complete } = await evaluateText(model, params, text, { signal: { aborted: true } });
    expect(complete).toBe(false);
  });

  it("leaves no memory behind", async () => {
    const { executor } = params.readout.b;
    await evaluateText(model, params, text, { steps: 7 });
    await settled();
    const before = executor.statistics.bytesInUse;
    await evaluateText(model, params, text, { steps: 7 });
    expect(executor.statistics.bytesInUse).toBe(before);
  });

  it("needs two symbols", async () => {
    await expect(evaluateText(model, params, text.slice(0, 1))).rejects.toThrow(TextTooShortError);
  });
});
