import {
  copyMemory,
  evaluateByLength,
  evaluateSynthetic,
  evaluateText,
  Key,
  languageModel,
  lstm,
  recurrent,
  sequenceModel,
} from "longspan";
import { describe, expect, test } from "vitest";

const model = languageModel({ vocabulary: 5, features: 4, hidden: 6 });
const params = model.init(Key.of(1));
const symbols = Int32Array.from({ length: 1400 }, (_, i) => (i * i + (i >> 2)) % 5);

describe("a text read in sequences of one length", () => {
  test("each begins without a past", async () => {
    const { nats, predictions, complete } = await evaluateText(model, params, symbols, { length: 4 });
    // 349 sequences of 4, and 3 symbols that are left.
    expect([predictions, complete]).toEqual([1396, true]);
    let total = 0;
    for (let begin = 0; begin + 4 < symbols.length; begin += 4)
      total += 4 * (await evaluateText(model, params, symbols.subarray(begin, begin + 5))).nats;
    expect(nats).toBeCloseTo(total / 1396, 5);
    const narrow = await evaluateText(model, params, symbols, { length: 4, streams: 3 });
    expect(narrow.nats).toBeCloseTo(nats, 5);
    const whole = await evaluateText(model, params, symbols, { length: 1399 });
    expect(whole.nats).toBeCloseTo((await evaluateText(model, params, symbols)).nats, 6);
  });

  test("ends early if the signal came", async () => {
    const { complete } = await evaluateText(model, params, symbols, { length: 4, signal: { aborted: true } });
    expect(complete).toBe(false);
  });

  test("what is refused", async () => {
    await expect(evaluateText(model, params, symbols.subarray(0, 8), { length: 8 })).rejects.toThrow(
      "the text is too short: 1 streams of 8 steps need 9 symbols, there are 8; use fewer streams or steps",
    );
  });
});

describe("lengths beside each other", () => {
  test("from the shortest to the longest, each with whether training had it", async () => {
    const found = await evaluateByLength(
      { lengths: [9, 3, 5, 3], seen: { least: 4, most: 5 } },
      async (length) => ({
        doubled: 2 * length,
      }),
    );
    expect(found).toEqual([
      { length: 3, seen: false, doubled: 6 },
      { length: 5, seen: true, doubled: 10 },
      { length: 9, seen: false, doubled: 18 },
    ]);
  });

  test("null if an evaluation was broken off, and no other is begun", async () => {
    const asked: number[] = [];
    const found = await evaluateByLength(
      { lengths: [1, 2, 3], seen: { least: 1, most: 1 } },
      async (length) => {
        asked.push(length);
        return length === 2 ? null : {};
      },
    );
    expect([found, asked]).toEqual([null, [1, 2]]);
  });

  test("of a problem: those of a call of their own", async () => {
    const answering = (length: number) => copyMemory({ length });
    const { input, output } = answering(3);
    const net = sequenceModel({ layer: recurrent(lstm({ input, hidden: 4 })), features: 4, output });
    const start = net.init(Key.of(2));
    const of = (length: number) =>
      evaluateSynthetic(net, start, answering(length), { key: Key.of(3), sequences: 20 });
    const found = await evaluateByLength({ lengths: [3, 7], seen: { least: 3, most: 3 } }, of);
    expect(found).toEqual([
      { ...(await of(3)), length: 3, seen: true },
      { ...(await of(7)), length: 7, seen: false },
    ]);
  });

  test("what is refused", async () => {
    const none = async () => ({});
    await expect(evaluateByLength({ lengths: [0], seen: { least: 1, most: 2 } }, none)).rejects.toThrow(
      "evaluateByLength: lengths[0] is a positive integer, got 0",
    );
    await expect(evaluateByLength({ lengths: [1], seen: { least: 3, most: 2 } }, none)).rejects.toThrow(
      "evaluateByLength: seen.least is 3 and seen.most 2; the shortest length of training comes first",
    );
  });
});
