import { embeddedReber, Key, type SyntheticBatch } from "longspan";
import { describe, expect, it } from "vitest";
import { counts, symbolsOf } from "./sequences.js";

const letters = "BTPSXVE";
const problem = embeddedReber();
const batch = problem.sample(Key.of(1), 0, 5000);
const strings = Array.from({ length: 5000 }, (_, b) => textOf(batch, b));

/** A whole string: the symbols read, and the last one asked for. */
function textOf(from: SyntheticBatch, b: number): string {
  const last = from.targets[from.structure.rowsOf(b).at(-1)!]!;
  return [...symbolsOf(from, b, problem), last].map((s) => letters[s]).join("");
}

/** What may follow a beginning of a string: by trying all states that the grammar's arrows, listed by hand, can be in. */
const arrows: readonly [from: number, letter: string, to: number][] = [
  [0, "B", 1],
  [1, "T", 2],
  [1, "P", 3],
  [2, "S", 2],
  [2, "X", 4],
  [3, "T", 3],
  [3, "V", 5],
  [4, "X", 3],
  [4, "S", 6],
  [5, "P", 4],
  [5, "V", 6],
  [6, "E", 7],
];
/** The outer grammar: two copies of the inner one, 10 and 20 further up, between a beginning and an end. */
const outer: typeof arrows = [
  [100, "B", 101],
  [101, "T", 10],
  [101, "P", 20],
  ...[10, 20].flatMap((by) => arrows.map(([p, s, q]) => [p + by, s, q + by] as [number, string, number])),
  [17, "T", 102],
  [27, "P", 102],
  [102, "E", 103],
];
const follow = (state: number, letter: string) => outer.find(([p, s]) => p === state && s === letter)?.[2];

function statesOf(text: string): number[] {
  const states = [100];
  for (const letter of text) states.push(follow(states.at(-1)!, letter) ?? Number.NaN);
  return states;
}

describe("embedded Reber grammar", () => {
  it("every string is accepted by the outer automaton, and no shorter beginning of it", () => {
    for (const text of strings) expect(statesOf(text).indexOf(103)).toBe(text.length);
  });

  it("both ways from a state are taken equally often", () => {
    const visits = strings.flatMap((text) => {
      const states = statesOf(text);
      return [...text].map((letter, t) => `${states[t]! % 10}${letter} ${states[t]! > 99 ? "outer" : ""}`);
    });
    const names = [...new Set(visits)];
    const index = counts(visits.map((v) => names.indexOf(v)));
    const count = (name: string) => index.get(names.indexOf(name))!;
    for (const [a, b] of [
      ["1T ", "1P "],
      ["2S ", "2X "],
      ["3T ", "3V "],
      ["4X ", "4S "],
      ["5P ", "5V "],
      ["1T outer", "1P outer"],
    ] as const) {
      const [m, n] = [count(a), count(b)];
      expect(Math.abs(m - n)).toBeLessThan(5 * Math.sqrt(m + n));
    }
  });

  it("strings have 12 symbols in the mean, and at least 9", () => {
    const lengths = strings.map((text) => text.length);
    expect(Math.min(...lengths)).toBe(9);
    expect(lengths.reduce((a, b) => a + b) / 5000).toBeCloseTo(12, 0.7);
    expect(Math.max(...lengths)).toBeLessThan(problem.steps);
  });

  it("the baseline knows the grammar and forgets the second symbol", () => {
    // Entropy of each step given the state, plus ln 2 for the outer symbol that was forgotten.
    let [total, steps] = [0, 0];
    for (const text of strings) {
      const ways = statesOf(text)
        .slice(1, -1)
        .map((state) => outer.filter(([p]) => p === state).length);
      total += ways.reduce((a, n) => a + Math.log(n), 0) + Math.LN2;
      steps += ways.length;
    }
    expect(total / steps / problem.baseline).toBeCloseTo(1, 2);
  });

  it("an answer is right if all possible successors come before all others", () => {
    const few = problem.sample(Key.of(2), 0, 50);
    const outputs = new Float64Array(few.scored.length * 7).fill(-1);
    for (let b = 0; b < 50; b++) {
      const text = textOf(few, b);
      const states = statesOf(text);
      for (const [t, row] of few.structure.rowsOf(b).entries())
        for (const [p, s] of outer) if (p === states[t + 1]) outputs[7 * row + letters.indexOf(s)] = t;
    }
    expect(problem.wrong(outputs, few)).toBe(0);
    // The outer symbol confused: as good as it gets without memory.
    const [first, second] = [0, 1].map((b) => few.structure.rowsOf(b).at(-2)!) as [number, number];
    outputs[7 * first + 1] = outputs[7 * first + 2] = 5;
    expect(problem.wrong(outputs, few)).toBe(1);
    outputs.fill(0, 7 * second, 7 * second + 7);
    expect(problem.wrong(outputs, few)).toBe(2);
  });
});
