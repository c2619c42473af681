import {
  Key,
  namedProblem,
  problemLengths,
  type SyntheticBatch,
  type SyntheticProblem,
  type SyntheticProblemName,
  syntheticProblemNames,
} from "longspan";
import { describe, expect, it } from "vitest";
import { stepsOf } from "./sequences.js";

/** Least and most steps of sequences with L = 80, where they are not 80. */
const expectedSteps: Partial<Record<SyntheticProblemName, readonly [number, number]>> = {
  adding: [80, 87],
  "adding-1997": [80, 87],
  multiplication: [80, 87],
  "multiplication-1997": [80, 87],
  "memorisation-5": [90, 90],
  "memorisation-20": [100, 100],
  "copy-memory": [100, 100],
  "embedded-reber": [8, 64],
  copy: [161, 161],
  reversal: [161, 161],
  "repeat-copy": [162, 882],
  "associative-recall": [328, 328],
  "n-grams": [79, 79],
  "priority-sort": [145, 145],
  completion: [82, 82],
  "multi-query-recall": [128, 128],
  "an-bn": [142, 160],
  "an-bn-cn": [213, 240],
  "an-bn-cn-dn": [284, 320],
  "an-b2n": [213, 240],
  "an-bm-cnm": [284, 320],
};

describe.each(syntheticProblemNames)("%s", (name) => {
  // A formal language has but one string of a length; a pair has 16 steps.
  const length = name === "multi-query-recall" ? 8 : 80;
  const problem = namedProblem(name, name.startsWith("an-") ? [71, 80] : length);
  const key = Key.of(7);
  const batch = problem.sample(key, 3, 40);

  it("has inputs, scored rows and targets that fit the structure", () => {
    const { x, structure, scored, targets } = batch;
    expect(x.length).toBe(structure.nodes * problem.input);
    expect(structure.sequences).toBe(40);
    const [least, most] = expectedSteps[name] ?? [80, 80];
    for (let b = 0; b < 40; b++) {
      const rows = structure.rowsOf(b);
      expect(rows.length).toBeGreaterThanOrEqual(least);
      expect(rows.length).toBeLessThanOrEqual(most);
      if (problem.scored === "the last step") expect(scored[b]).toBe(rows.at(-1));
    }
    expect(targets.length).toBe(scored.length * (problem.answer === "bits" ? problem.output : 1));
    if (problem.scored === "some steps") {
      // Some of each sequence, in the order of the rows.
      expect(new Set(Array.from(scored, (row) => structure.parts.sequenceOf[row])).size).toBe(40);
      expect([...scored].sort((a, b) => a - b)).toEqual([...scored]);
      expect(new Set(scored).size).toBe(scored.length);
    }
    if (problem.scored === "every step") expect([...scored]).toEqual([...scored.keys()]);
    if (problem.answer === "class")
      for (const y of targets) expect(y >= 0 && y < problem.output && Number.isInteger(y)).toBe(true);
    if (problem.answer === "bits") for (const y of targets) expect(y === 0 || y === 1).toBe(true);
  });

  it("sequence i of batch k depends on the key, k and i only", () => {
    const alone = problem.sample(key, 3, 11);
    for (const b of [0, 10]) expect(stepsOf(alone, b, problem)).toEqual(stepsOf(batch, b, problem));
    expect(problem.sample(key, 3, 40).x).toEqual(batch.x);
    expect(problem.sample(key, 4, 40).x).not.toEqual(batch.x);
    expect(problem.sample(Key.of(8), 3, 40).x).not.toEqual(batch.x);
  });

  // Not for embedded-reber, where the answer is a set of symbols and not the one that came: see its own test.
  // Nor where all bits of a sequence count together, as in n-grams.
  it.skipIf(name === "embedded-reber" || name === "n-grams")(
    "right answers are right, and wrong ones are counted",
    () => {
      const { scored, structure } = batch;
      const size = problem.output;
      const outputs = rightAnswers(problem, batch);
      expect(problem.wrong(outputs, batch)).toBe(0);
      for (const b of [2, 5]) {
        const row = scored.findLastIndex((r) => structure.parts.sequenceOf[r] === b);
        // One bit of an answer is enough.
        for (let c = 0; c < (problem.answer === "bits" ? 1 : size); c++) {
          const v = outputs[row * size + c]!;
          outputs[row * size + c] = v > 0 ? -1 - v : 1 - v;
        }
      }
      expect(problem.wrong(outputs, batch)).toBe(2);
      expect(problem.wrong(outputs.fill(Number.NaN), batch)).toBe(40);
      expect(() => problem.wrong(outputs.subarray(1), batch)).toThrow(
        `${name}.wrong: outputs has ${outputs.length - 1} numbers for ${scored.length} scored rows of ${size}, which are ${outputs.length}`,
      );
    },
  );

  it("numbers that make no sense are refused", () => {
    expect(() => problem.sample(key, -1, 1)).toThrow(
      `${name}.sample: batch is an integer of at least 0, got -1`,
    );
    expect(() => problem.sample(key, 0, 0)).toThrow(`${name}.sample: count is a positive integer, got 0`);
  });
});

/** Outputs without a mistake. */
function rightAnswers(problem: SyntheticProblem, { scored, targets }: SyntheticBatch): Float64Array {
  const size = problem.output;
  const outputs = new Float64Array(scored.length * size);
  if (problem.answer === "bits") return Float64Array.from(targets, (y) => y - 0.5);
  for (const [row, y] of targets.entries())
    if (problem.answer === "class") outputs[row * size + y] = 1;
    else outputs[row] = y;
  return outputs;
}

describe("lengths", () => {
  it("of a range: one per batch, all of them come", () => {
    const problem = namedProblem("temporal-order", [50, 53]);
    const seen = Array.from({ length: 40 }, (_, k) => problem.sample(Key.of(1), k, 2).structure.levels);
    expect([...new Set(seen)].sort()).toEqual([50, 51, 52, 53]);
    expect(problem.steps).toBe(53);
  });

  it("batches of one length share their structure", () => {
    const problem = namedProblem("temporal-order", 50);
    const [first, second] = [0, 1].map((k) => problem.sample(Key.of(1), k, 5).structure);
    expect(first).toBe(second);
    expect(problem.sample(Key.of(1), 0, 6).structure.sequences).toBe(6);
  });

  it.each([
    [
      "temporal-order",
      9,
      "temporalOrder: length is an integer of at least 10, or the shortest and the longest of such lengths: the symbols' places are drawn from tenths of it, got 9",
    ],
    [
      "temporal-order-3-1997",
      77,
      "temporalOrder1997: length is an integer of at least 78, or the shortest and the longest of such lengths: a symbol may stand at step 76, got 77",
    ],
    [
      "adding",
      [20.5, 30],
      "namedProblem: length is an integer of at least 1, or the shortest and the longest of such lengths: a sequence has a step at least, got [20.5, 30]",
    ],
    [
      "adding-1997",
      21,
      "adding: length is an integer of at least 22, or the shortest and the longest of such lengths: the second mark falls on one of L/2 - 1 steps, of which there are at least the first ten, got 21",
    ],
    [
      "adding-2016",
      1,
      "adding: length is an integer of at least 2, or the shortest and the longest of such lengths: there is one mark in each half, got 1",
    ],
    [
      "permutation",
      1,
      "randomPermutation: length is an integer of at least 2, or the shortest and the longest of such lengths: at the last step, the first is to be recalled, got 1",
    ],
    [
      "memorisation-5",
      0,
      "namedProblem: length is an integer of at least 1, or the shortest and the longest of such lengths: a sequence has a step at least, got 0",
    ],
    [
      "copy-memory",
      Number.NaN,
      "namedProblem: length is an integer of at least 1, or the shortest and the longest of such lengths: a sequence has a step at least, got NaN",
    ],
    [
      "latch",
      3,
      "latch: length is an integer of at least 4, or the shortest and the longest of such lengths: the first three steps say what is to be kept, got 3",
    ],
    [
      "two-sequences",
      [9, 8],
      "namedProblem: length is an integer of at least 1, or the shortest and the longest of such lengths: a sequence has a step at least, got [9, 8]",
    ],
  ] as const)("%s of %s is refused", (name, length, message) => {
    expect(() => namedProblem(name, length)).toThrow(message);
  });

  it("each name says what its lengths count, and those that it usually has", () => {
    expect(problemLengths("adding")).toEqual({ counts: "steps", usual: 100 });
    expect(problemLengths("copy")).toEqual({ counts: "vectors", usual: [1, 20] });
    expect(problemLengths("embedded-reber")).toBeNull();
    for (const name of syntheticProblemNames)
      expect(namedProblem(name, problemLengths(name)?.usual ?? 1).name).toBe(name);
  });

  it("names that do not exist are refused", () => {
    expect(() => namedProblem("ordering" as SyntheticProblemName, 50)).toThrow(
      'namedProblem: name is one of temporal-order, temporal-order-3, temporal-order-1997, temporal-order-3-1997, adding, adding-1997, adding-2016, multiplication, multiplication-1997, permutation, memorisation-5, memorisation-20, copy-memory, latch, two-sequences, embedded-reber, copy, reversal, repeat-copy, associative-recall, n-grams, priority-sort, completion, multi-query-recall, parity, an-bn, an-bn-cn, an-bn-cn-dn, an-b2n, an-bm-cnm, got "ordering"',
    );
  });
});
