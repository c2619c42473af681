import { Key, listOps, listOpsSymbols, parseListOps, trees } from "longspan";
import { describe, expect, it } from "vitest";

describe("ListOps", () => {
  it.each([
    ["[MAX 2 9 [MIN 4 7 ] 0 ]", 9],
    ["( ( ( ( ( [SM 6 ) 5 ) 9 ) 0 ) ] )", 0],
    ["[MED 1 2 ]", 1],
    ["[MED 7 1 2 ]", 2],
    ["[MED 0 9 4 8 ]", 6],
    ["[MIN [SM 9 9 ] [MAX 3 5 ] ]", 5],
    ["7", 7],
  ])("%s comes to %i", (text, value) => {
    expect(parseListOps(text).value).toBe(value);
  });

  it("has the tree of the brackets, joined from the left", () => {
    // ((([MAX 2) (([MIN 4) ])) ])
    expect(parseListOps("[MAX 2 [MIN 4 ] ]").tree.children).toEqual([
      ...Array.from({ length: 6 }, () => []),
      [0, 1],
      [2, 3],
      [7, 4],
      [6, 8],
      [9, 5],
    ]);
    for (const { tree, symbols } of listOps().sample(Key.of(1), 0, 50)) {
      expect(tree.children.length).toBe(2 * symbols.length - 1);
      expect(() => trees([tree], { ports: ["left", "right"] })).not.toThrow();
    }
  });

  it("has as many arguments, lists and digits as published", () => {
    const sampled = listOps().sample(Key.of(2), 0, 4000);
    const counts = new Array<number>(listOpsSymbols.length).fill(0);
    for (const { symbols } of sampled) for (const symbol of symbols) counts[symbol]! += 1;
    const [digits, operators] = [counts.slice(0, 10), counts.slice(10, 14)].map((list) =>
      list.reduce((a, b) => a + b),
    );
    // Of the arguments, 1 in 4 is a list; those at depth 19, where none is, are few.
    const inner = operators! - sampled.length;
    expect(inner / (inner + digits!)).toBeCloseTo(0.25, 2);
    expect((inner + digits!) / operators!).toBeCloseTo(3.5, 1);
  });

  it("keeps to the depth and the lengths that are asked for, and is the same for the same key", () => {
    const problem = listOps({ depth: 2, symbols: [6, 12], operators: 0.5 });
    const sampled = problem.sample(Key.of(3), 1, 200);
    const deepest = sampled.map(({ symbols }) => {
      let [now, most] = [0, 0];
      for (const symbol of symbols) {
        now += symbol >= 10 && symbol < 14 ? 1 : symbol === 14 ? -1 : 0;
        most = Math.max(most, now);
      }
      return most;
    });
    expect(Math.max(...deepest)).toBe(2);
    const lengths = sampled.map(({ symbols }) => symbols.length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([6, 12]);
    expect(problem.sample(Key.of(3), 1, 3)).toEqual(sampled.slice(0, 3));
  });

  it("says what is no expression, and what does not come up", () => {
    expect(() => parseListOps("[MAX 2")).toThrow(
      new RangeError(
        "parseListOps: text is one list, such as [MAX 2 9 ], or a digit; but in [MAX 2 1 lists are not closed",
      ),
    );
    expect(() => parseListOps("2 ]")).toThrow("symbol 1 stands behind its end");
    expect(() => parseListOps("[MAX ]")).toThrow("symbol 1 closes no list with arguments");
    expect(() => parseListOps("[FIRST 2 ]")).toThrow(
      'parseListOps: text has "[FIRST" as symbol 0, expected one of 0 1',
    );
    expect(() => listOps({ depth: 1, symbols: [30, 40] }).sample(Key.of(1), 0, 1)).toThrow(
      "list-ops.sample: none of 10000 expressions has from 30 to 40 symbols",
    );
  });
});
