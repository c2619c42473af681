import {
  add,
  chain,
  checkDerivatives,
  ctcLossMean,
  ctcLossPerSequence,
  ctcLossSum,
  ctcTargets,
  fromArray,
  grad,
  graph,
  Key,
  mul,
  normal,
  type Structure,
  scope,
  slice,
  sum,
  type Tensor,
  tensor,
  type Value,
  valueAndGrad,
  valueAndGradPerExample,
  zeros,
} from "longspan";
import { defaultExecutor, executableFor, kinds, linearized, transposed } from "longspan/engine";
import { describe, expect, test } from "vitest";
import { ctcCell } from "../../src/nn/losses/ctc/cell.js";
import { difference, numbers } from "./plain.js";

/** Every alignment of so many frames, with the labels that it collapses to. */
function alignments(frames: number, classes: number, blank: number): { at: number[]; labels: number[] }[] {
  let all: number[][] = [[]];
  for (let t = 0; t < frames; t++)
    all = all.flatMap((a) => Array.from({ length: classes }, (_, c) => [...a, c]));
  return all.map((at) => ({ at, labels: at.filter((c, t) => c !== at[t - 1] && c !== blank) }));
}

/** The loss of one sequence, by its definition. @param o logits, a row per frame */
function bySumming(o: readonly (readonly number[])[], labels: readonly number[], blank: number): number {
  const classes = o[0]?.length ?? 1;
  const logs = o.map((row) => {
    const total = Math.log(row.reduce((s, v) => s + Math.exp(v), 0));
    return row.map((v) => v - total);
  });
  let p = 0;
  for (const a of alignments(o.length, classes, blank))
    if (a.labels.join() === labels.join()) p += Math.exp(a.at.reduce((s, c, t) => s + logs[t]![c]!, 0));
  return -Math.log(p);
}

/** Rows of each sequence, by which a test looks at frames one after the other. */
function framesOf(logits: Value, structure: Structure): number[][][] {
  const classes = logits.shape[1]!;
  const all = numbers(logits);
  return Array.from({ length: structure.sequences }, (_, b) =>
    structure.rowsOf(b).map((r) => all.slice(r * classes, (r + 1) * classes)),
  );
}

/** Every label sequence of at most so many labels. */
function labelSequences(most: number, classes: number, blank: number): number[][] {
  const labels = Array.from({ length: classes }, (_, c) => c).filter((c) => c !== blank);
  let [all, last]: [number[][], number[][]] = [[[]], [[]]];
  for (let n = 1; n <= most; n++) {
    last = last.flatMap((l) => labels.map((c) => [...l, c]));
    all = [...all, ...last];
  }
  return all;
}

const close = (found: Value, wanted: readonly number[], tolerance = 1e-12) =>
  numbers(found).forEach((v, b) => {
    if (v === wanted[b]) return;
    expect(Math.abs(v - wanted[b]!), `sequence ${b}: ${v}, ${wanted[b]}`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(wanted[b]!)),
    );
  });

describe("the loss is the sum over all alignments", () => {
  test.each([0, 2])("of each label sequence, in 0 to 5 frames; blank %i", (blank) => {
    const classes = 3;
    for (let T = 0; T <= 5; T++) {
      const labels = labelSequences(T < 4 ? 4 : 3, classes, blank);
      const structure = chain(labels.map(() => T));
      const logits = mul(normal(Key.of(T), [structure.nodes, classes], "float64"), 2);
      const wanted = framesOf(logits, structure).map((o, b) => bySumming(o, labels[b]!, blank));
      close(ctcLossPerSequence(logits, ctcTargets(structure, labels, { blank })), wanted);
      expect(wanted.filter(Number.isFinite).length).toBeGreaterThan(0);
    }
  });

  test("of a ragged batch, whichever way its frames are laid out", () => {
    const lengths = [4, 0, 6, 1, 5, 0, 2];
    const labels = [[1, 1], [], [2, 2, 1], [3], [1, 2, 3, 1], [2], []];
    const tree = (n: number) => ({
      nodes: n,
      edges: Array.from({ length: Math.max(0, n - 1) }, (_, i) => ({ from: i, to: i + 1 })),
    });
    for (const structure of [chain(lengths), chain(lengths, { reverse: true }), graph(lengths.map(tree))]) {
      const logits = normal(Key.of(1), [structure.nodes, 4], "float64");
      const wanted = framesOf(logits, structure).map((o, b) => bySumming(o, labels[b]!, 0));
      expect(wanted[1]).toBeCloseTo(0);
      expect(wanted[5]).toBe(Number.POSITIVE_INFINITY);
      const targets = ctcTargets(structure, labels);
      expect(targets.impossible).toEqual([5]);
      close(ctcLossPerSequence(logits, targets), wanted);
    }
  });

  test("so the probabilities of all label sequences sum to 1", () => {
    const labels = labelSequences(5, 3, 0);
    const structure = chain(labels.map(() => 5));
    const frame = normal(Key.of(3), [5, 3], "float64");
    const logits = structure.pack(
      fromArray(
        labels.flatMap(() => numbers(frame)),
        [structure.nodes, 3],
        "float64",
      ),
    );
    const losses = numbers(ctcLossPerSequence(logits, ctcTargets(structure, labels)));
    expect(losses.reduce((s, l) => s + Math.exp(-l), 0)).toBeCloseTo(1, 12);
  });

  test("a batch is its sequences alone, to the bit", () => {
    const [lengths, labels] = [
      [7, 3, 5],
      [[1, 2, 2], [], [3, 1]],
    ];
    const structure = chain(lengths);
    const logits = normal(Key.of(4), [15, 4]);
    const together = numbers(ctcLossPerSequence(logits, ctcTargets(structure, labels)));
    const alone = framesOf(logits, structure).map((o, b) =>
      numbers(ctcLossPerSequence(tensor(o), ctcTargets(chain([lengths[b]!]), [labels[b]!]))),
    );
    expect(together).toEqual(alone.flat());
  });
});

describe("derivatives", () => {
  test("first and second, repeats and empty sequences among the labels", () => {
    const targets = ctcTargets(chain([6, 3, 2, 0]), [[1, 1, 2], [2], [], []]);
    const loss = (o: Value) => ctcLossSum(o, targets);
    const { first, second } = checkDerivatives(loss, mul(normal(Key.of(5), [11, 3], "float64"), 2), {
      second: true,
    });
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
  });

  test("that by the logits of a frame sums to 0", () => {
    const targets = ctcTargets(chain([6, 4]), [[1, 2, 1], [3]]);
    const g = grad((o: Value) => ctcLossSum(o, targets))(normal(Key.of(6), [10, 4], "float64"));
    expect(numbers(g).some((v) => Math.abs(v) > 0.1)).toBe(true);
    expect(difference(numbers(sum(g, 1)), new Array(10).fill(0))).toBeLessThan(1e-12);
  });

  test("per sequence", () => {
    const structure = chain([4, 3]);
    const targets = ctcTargets(structure, [[1, 2], [1]]);
    const x = normal(Key.of(7), [7, 3], "float64");
    const f = (p: { c: Value }) => ctcLossPerSequence(add(x, p.c), targets);
    const { values, grads } = valueAndGradPerExample(f)({ c: tensor([0.1, 0.2, -0.3], "float64") });
    const c = tensor([0.1, 0.2, -0.3], "float64");
    close(values, numbers(f({ c })));
    grads.forEach((g, b) => {
      const wanted = grad((p: Value) => sum(slice(f({ c: p }), 0, b, b + 1)))(c);
      expect(difference(numbers(g.c), numbers(wanted))).toBeLessThan(1e-12);
    });
  });
});

describe("what no alignment gives", () => {
  const structure = chain([2, 3, 0, 4]);
  const labels = [[1, 1], [1, 1], [2], [1, 2]];
  const logits = normal(Key.of(8), [9, 3], "float64");
  const targets = ctcTargets(structure, labels);

  test("is Infinity, and where asked for 0", () => {
    expect(targets.impossible).toEqual([0, 2]);
    const found = numbers(ctcLossPerSequence(logits, targets));
    expect(found.map(Number.isFinite)).toEqual([false, true, false, true]);
    expect(found[0]).toBe(Number.POSITIVE_INFINITY);
    const ignoring = numbers(ctcLossPerSequence(logits, targets, { ignoreImpossible: true }));
    expect(ignoring).toEqual([0, found[1], 0, found[3]]);
    expect(numbers(ctcLossSum(logits, targets))).toEqual([Number.POSITIVE_INFINITY]);
    close(ctcLossSum(logits, targets, { ignoreImpossible: true }), [found[1]! + found[3]!]);
    close(ctcLossMean(logits, targets, { ignoreImpossible: true }), [(found[1]! + found[3]!) / 4]);
  });

  test.each([false, true])("has no gradient, and leaves that of the others alone (ignored: %s)", (ignore) => {
    const { grads } = valueAndGrad((o: Value) => ctcLossSum(o, targets, { ignoreImpossible: ignore }))(
      logits,
    );
    const rows = framesOf(grads, structure);
    expect(rows[0]!.flat()).toEqual([0, 0, 0, 0, 0, 0]);
    const third = ctcTargets(chain([4]), [[1, 2]]);
    const alone = grad((o: Value) => ctcLossSum(o, third))(
      tensor(framesOf(logits, structure)[3]!, "float64"),
    );
    expect(rows[3]!.flat()).toEqual(numbers(alone));
  });

  test("logits of -Infinity exclude a class", () => {
    const none = Number.NEGATIVE_INFINITY;
    const rows = [
      [0.3, none, 0.2],
      [none, 1, 0.5],
      [0.1, 0.2, none],
      [0.4, 0.5, 0.6],
    ];
    const all = labelSequences(3, 3, 0);
    const of = chain(all.map(() => 4));
    const o = of.pack(
      tensor(
        all.flatMap(() => rows),
        "float64",
      ),
    );
    const wanted = all.map((l) => bySumming(rows, l, 0));
    expect(wanted.includes(Number.POSITIVE_INFINITY)).toBe(true);
    const { value, grads } = valueAndGrad((x: Value) =>
      ctcLossSum(x, ctcTargets(of, all), { ignoreImpossible: true }),
    )(o as Tensor);
    close(ctcLossPerSequence(o, ctcTargets(of, all)), wanted);
    close(value, [wanted.filter(Number.isFinite).reduce((a, b) => a + b)]);
    expect(numbers(grads).every(Number.isFinite)).toBe(true);
  });

  test("a NaN stays one", () => {
    const o = tensor([
      [0, Number.NaN],
      [0, 0],
    ]);
    expect(numbers(ctcLossPerSequence(o, ctcTargets(chain([2]), [[1]])))).toEqual([Number.NaN]);
  });
});

test("a level is one map; backwards, a sum of what arrives at each slot, and one map", () => {
  const { structure } = ctcTargets(chain([3, 2]), [[1, 2], [1]]).lattice;
  const { graph: cell } = ctcCell.trace("float32");
  const { forward, residuals, tangent } = linearized(cell, [true, true, false], [false, false]);
  const back = transposed(tangent, residuals.length, [], [true, false]).cell;
  const loopOf = (of: typeof cell, over: Structure, initials: boolean[], finals: boolean[]) =>
    kinds(
      executableFor(
        { cell: of, structure: over, initials, finals, backward: { kind: "full" } },
        defaultExecutor(),
      ).compiled.program.loop,
    );
  expect(loopOf(cell, structure, [true, true], [true, false])).toEqual(["map"]);
  expect(loopOf(forward, structure, [true, true], [true, false])).toEqual(["map"]);
  expect(loopOf(back, structure.transposed(), [true], [])).toEqual(["segmentSum", "segmentSum", "map"]);
});

test("long sequences keep their digits in float32", () => {
  const T = 1000;
  const labels = [Array.from({ length: 150 }, (_, k) => 1 + ((k * k) % 7))];
  const targets = ctcTargets(chain([T]), labels);
  const logits = normal(Key.of(9), [T, 8], "float64");
  const [wide, narrow] = [logits, fromArray(numbers(logits), [T, 8])].map((o) =>
    valueAndGrad((x: Value) => ctcLossSum(x, targets))(o),
  );
  expect(numbers(wide!.value)[0]!).toBeGreaterThan(500);
  close(narrow!.value, numbers(wide!.value), 1e-5);
  expect(difference(numbers(narrow!.grads), numbers(wide!.grads))).toBeLessThan(1e-3);
});

test("no sequences have no losses", () => {
  expect(ctcLossPerSequence(zeros([0, 3]), ctcTargets(chain([]), [])).shape).toEqual([0]);
});

test("targets made outside serve several scopes", () => {
  const targets = ctcTargets(chain([2]), [[1]]);
  for (let i = 0; i < 2; i++)
    scope(() => expect(numbers(ctcLossSum(zeros([2, 2]), targets))[0]).toBeCloseTo(-Math.log(3 / 4)));
});

describe("errors", () => {
  const frames = chain([2, 1]);
  const attempts: readonly [string, () => unknown, string][] = [
    [
      "fewer label sequences",
      () => ctcTargets(frames, [[1]]),
      "RangeError: ctcTargets: labels of 1 sequences for frames of 2; a sequence without labels has an empty list",
    ],
    [
      "the blank among labels",
      () => ctcTargets(frames, [[1], [2, 0]]),
      "RangeError: ctcTargets: labels[1][1] is 0, which is the blank; labels are other classes, so number them from 1, or name another blank",
    ],
    [
      "a label that is none",
      () => ctcTargets(frames, [[1], [0.5]]),
      "RangeError: ctcTargets: labels[1][0] is an integer of at least 0, got 0.5",
    ],
    [
      "other rows",
      () => ctcLossSum(zeros([4, 3]), ctcTargets(frames, [[1], [2]])),
      "ShapeError: ctcLossSum: logits are [4, 3], expected [3, classes]: a row for each of the 3 frames of the targets",
    ],
    [
      "a label out of range",
      () => ctcLossMean(zeros([3, 3]), ctcTargets(frames, [[1], [3]])),
      "RangeError: ctcLossMean: label 3 at labels[1][0] lies outside 0..2: the logits have 3 classes, the blank included",
    ],
    [
      "a blank out of range",
      () => ctcLossSum(zeros([3, 3]), ctcTargets(frames, [[1], [2]], { blank: 3 })),
      "RangeError: ctcLossSum: the blank is class 3 and the logits have 3 classes, 0 to 2: the blank is one of them",
    ],
    [
      "a mean over nothing",
      () => ctcLossMean(zeros([0, 3]), ctcTargets(chain([]), [])),
      "ShapeError: ctcLossMean: the mean over no rows; is the batch empty?",
    ],
  ];
  test.each(attempts)("%s", (_, attempt, message) => {
    let found = "";
    try {
      attempt();
    } catch (error) {
      found = String(error);
    }
    expect(found).toBe(message);
  });
});
