import type { Found } from "./time-series.js";

/** Counts something that is found in records. */
export interface Finding {
  /** @param words for the first one @param times how often it is found there; once by default */
  add(record: number, words: string, times?: number): void;
  found(): Found;
}

/** Nothing found so far. */
export function finding(): Finding {
  let [count, first, words]: [number, number | null, string] = [0, null, ""];
  return {
    add(record, text, times = 1) {
      if (first === null || record < first) [first, words] = [record, text];
      count += times;
    },
    found: () => ({ count, first, words }),
  };
}
