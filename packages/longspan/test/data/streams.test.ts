import { describe, expect, it } from "vitest";
import { splitText, TextTooShortError, textStreams } from "../../src/data/index.js";

/** 0, 1, 2, ...: a symbol is its own place. */
const places = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

describe("split", () => {
  it("holds out the end", () => {
    const { train, valid } = splitText(places(25), 0.1);
    expect([...train]).toEqual([...places(22)]);
    expect([...valid]).toEqual([22, 23, 24]);
  });

  it("a fraction of 0 holds out nothing; 1 is too much", () => {
    expect(splitText(places(3), 0).valid.length).toBe(0);
    expect(() => splitText(places(3), 1)).toThrow("splitText: fraction is a number in [0, 1), got 1");
  });
});

describe("streams", () => {
  // 18 symbols: 17 predictions, two parts of 8, the last symbol but one is never read.
  const text = textStreams(places(18), { streams: 2, steps: 3 });

  it("counts", () => {
    expect([text.streams, text.segments, text.predictions]).toEqual([2, 3, 16]);
  });

  it("segments by hand: time-major, the two streams side by side, the last one shorter", () => {
    const segments = [0, 1, 2].map((k) => text.segment(k));
    expect(segments.map((s) => [...s.inputs])).toEqual([
      [0, 8, 1, 9, 2, 10],
      [3, 11, 4, 12, 5, 13],
      [6, 14, 7, 15],
    ]);
    expect(segments.map((s) => [...s.targets])).toEqual([
      [1, 9, 2, 10, 3, 11],
      [4, 12, 5, 13, 6, 14],
      [7, 15, 8, 16],
    ]);
    expect(segments.map((s) => s.fresh)).toEqual([true, false, false]);
  });

  it("after a pass it begins anew", () => {
    expect(text.segment(3)).toEqual(text.segment(0));
    expect(text.segment(7)).toEqual(text.segment(1));
  });

  it("rows are those of the chains: row t * streams + b is step t of sequence b", () => {
    const { structure } = text.segment(0);
    expect([structure.nodes, structure.sequences, structure.levels]).toEqual([6, 2, 3]);
    expect(structure.rowsOf(0)).toEqual([0, 2, 4]);
    expect(structure.rowsOf(1)).toEqual([1, 3, 5]);
    expect(text.segment(2).structure.rowsOf(1)).toEqual([1, 3]);
  });

  it("segments of one length share their structure", () => {
    expect(text.segment(1).structure).toBe(text.segment(0).structure);
    expect(text.segment(5).structure).toBe(text.segment(2).structure);
  });

  it("the shortest text that will do", () => {
    const { segments, predictions } = textStreams(places(7), { streams: 2, steps: 3 });
    expect([segments, predictions]).toEqual([1, 6]);
    expect(() => textStreams(places(6), { streams: 2, steps: 3 })).toThrow(TextTooShortError);
    expect(() => textStreams(places(6), { streams: 2, steps: 3 })).toThrow(
      "the text is too short: 2 streams of 3 steps need 7 symbols, there are 6; use fewer streams or steps",
    );
  });

  it("impossible settings", () => {
    expect(() => textStreams(places(9), { streams: 0, steps: 3 })).toThrow(
      "streams is a positive integer, got 0",
    );
    expect(() => textStreams(places(9), { streams: 1, steps: 1.5 })).toThrow(
      "steps is a positive integer, got 1.5",
    );
    expect(() => text.segment(-1)).toThrow("textStreams.segment: step is an integer of at least 0, got -1");
  });
});
