import {
  add,
  chain,
  checkDerivatives,
  crossEntropyMean,
  entityMemory,
  entityNetwork,
  Key,
  leaves,
  maskedWords,
  packStories,
  reshape,
  type StoryQuestion,
  scope,
  storyVocabulary,
  sum,
  tanh,
  tensor,
  unfold,
  valueAndGrad,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, numbers, product, randomLike, rows } from "./plain.js";

const words = "the a cat dog sat ran here there who what".split(" ");
/** Questions about words drawn by their number; one has no story. */
const questions: StoryQuestion[] = [3, 0, 1, 5].map((count, q) => ({
  sentences: Array.from({ length: count }, (_, s) =>
    Array.from({ length: 1 + ((q + s) % 4) }, (_, w) => words[(3 * q + 5 * s + 7 * w) % 8]!),
  ),
  question: ["who", words[q]!].slice(q % 2),
  answer: words[2 * q]!,
  supports: [],
}));
const vocabulary = storyVocabulary(questions);
// A sentence has up to four words, and there are masks for three places.
const [width, entities, longest] = [3, 4, 3];
const net = entityNetwork({ vocabulary: vocabulary.size, width, entities, longest });
const params = randomLike(net.init(Key.of(1), "float64"), Key.of(2), 0.8);
const stories = packStories(questions, vocabulary);

/** The published equations in plain numbers, for one question. */
function expected({ sentences, question }: StoryQuestion) {
  const { words: own, question: ofQuestion, memory, answer } = params;
  const plus = (a: number[], b: number[]) => a.map((x, k) => x + b[k]!);
  const inner = (a: number[], b: number[]) => a.reduce((total, x, k) => total + x * b[k]!, 0);
  const times = (x: number[], M: number[][]) => x.map((_, k) => product(x, M, k));
  const phi = (z: number[], slope: number[]) => z.map((x, k) => (x > 0 ? x : x * slope[k]!));
  const vector = (text: readonly string[], masks: number[][]) =>
    text
      .map((word, j) => {
        const mask = masks[Math.min(j, longest - 1)]!;
        return rows(own.E)[vocabulary.number(word)]!.map((x, k) => x * mask[k]!);
      })
      .reduce(plus);
  const [keys, U, V, W] = [memory.keys, memory.U, memory.V, memory.W].map(rows) as [
    number[][],
    number[][],
    number[][],
    number[][],
  ];
  let known = keys;
  const gates: number[] = [];
  for (const sentence of sentences) {
    const s = vector(sentence, rows(own.F));
    known = known.map((h, j) => {
      const g = 1 / (1 + Math.exp(-inner(s, h) - inner(s, keys[j]!)));
      gates.push(g);
      const c = phi(plus(plus(times(h, U), times(keys[j]!, V)), times(s, W)), numbers(memory.slope));
      const moved = h.map((x, k) => x + g * c[k]!);
      return moved.map((x) => x / Math.hypot(...moved));
    });
  }
  const q = vector(question, rows(ofQuestion));
  const scores = known.map((h) => Math.exp(inner(q, h)));
  const total = scores.reduce((a, b) => a + b);
  const weights = scores.map((e) => e / total);
  const u = known.map((h, j) => h.map((x) => x * weights[j]!)).reduce(plus);
  const last = phi(plus(q, times(u, rows(answer.H))), numbers(answer.slope));
  const output = Array.from({ length: vocabulary.size }, (_, word) => product(last, rows(answer.R), word));
  return { output, weights, gates };
}

describe("an entity network", () => {
  test("gives what its equations give", () => {
    const result = net.apply(params as never, stories);
    const plain = questions.map(expected);
    for (const part of ["output", "weights", "gates"] as const)
      expect(
        difference(
          numbers(result[part]),
          plain.flatMap((of) => of[part]),
        ),
      ).toBeLessThan(1e-13);
    expect([result.output, result.weights, result.gates].map(({ shape }) => shape)).toEqual([
      [4, vocabulary.size],
      [4, entities],
      [9, entities],
    ]);
  });

  test("derivatives are those of the values, to second order", () => {
    const loss = (p: typeof params) => {
      const { output, gates } = net.apply(p as never, stories);
      return add(crossEntropyMean(output, stories.answers), sum(tanh(gates)));
    };
    const { first, second } = scope(() => checkDerivatives(loss as never, params, { second: true }));
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-6);
  });

  test("a batch gives what its stories give alone", () => {
    const whole = net.apply(params as never, stories);
    const alone = questions.map((q) => net.apply(params as never, packStories([q], vocabulary)));
    for (const part of ["output", "weights", "gates"] as const)
      expect(
        difference(
          numbers(whole[part]),
          alone.flatMap((result) => numbers(result[part])),
        ),
      ).toBeLessThan(1e-14);
  });

  test("it begins as published: phi the identity, masks of 1, what is known the keys", () => {
    const fresh = net.init(Key.of(1), "float64");
    for (const ones of [fresh.words.F, fresh.question, fresh.memory.slope, fresh.answer.slope])
      expect(new Set(numbers(ones))).toEqual(new Set([1]));
    const cell = entityMemory({ width, entities });
    const { final } = unfold(cell, fresh.memory, { x: zeros([0, width], "float64") }, chain([0]));
    expect(numbers(final.memory)).toEqual(numbers(fresh.memory.keys));
  });
});

describe("entityMemory", () => {
  const cell = entityMemory({ width: 2, entities: 2 });

  test("rows have the length 1 from the first sentence on, and a row of zeros that nothing moves stays, with finite derivatives", () => {
    const own = {
      ...cell.init(Key.of(1), "float64"),
      keys: tensor(
        [
          [0, 0],
          [3, 4],
        ],
        "float64",
      ),
    };
    const run = (x: number[]) => unfold(cell, own, { x: tensor([x], "float64") }, chain([1])).final.memory;
    const [a, b] = rows(reshape(run([0, 0]), [2, 2]));
    expect(a).toEqual([0, 0]);
    expect(Math.hypot(...b!)).toBeCloseTo(1, 14);
    const { grads } = valueAndGrad((p: typeof own) =>
      sum(unfold(cell, p, { x: tensor([[0, 0]], "float64") }, chain([1])).final.memory),
    )(own);
    expect(leaves(grads).flatMap(numbers).every(Number.isFinite)).toBe(true);
  });
});

test("a word counts by the mask of its place, the last for all that come later", () => {
  const cell = maskedWords({ vocabulary: 2, width: 2, longest: 2 });
  const E = tensor([
    [1, 10],
    [100, 1000],
  ]);
  const F = tensor([
    [1, 2],
    [3, 5],
  ]);
  const inputs = { word: tensor([0, 1, 0], "int32"), position: tensor([0, 1, 2], "int32") };
  const { sums } = unfold(cell, { E, F }, inputs, chain([3]));
  expect(numbers(sums.vector)).toEqual([1 + 300 + 3, 20 + 5000 + 50]);
});
