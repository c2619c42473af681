import { readFileSync } from "node:fs";
import {
  type AnyCell,
  add,
  attentionGru,
  chain,
  checkDerivatives,
  crossEntropyMean,
  dynamicMemoryNetwork,
  endToEndMemoryNetwork,
  entityMemory,
  fromArray,
  hessianVectorProduct,
  IndexError,
  Key,
  keyValueMemoryNetwork,
  leaves,
  maskedWords,
  memoryHops,
  mul,
  onCpu,
  packStories,
  type Stories,
  type StoryQuestion,
  scope,
  sgd,
  storyVocabulary,
  sum,
  supervisedMemoryNetwork,
  supportHops,
  tanh,
  tensor,
  trainingStep,
  unfold,
  type Value,
  valueAndGrad,
  wordBags,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, product, randomLike, rows } from "./plain.js";

interface Stored {
  readonly shape: number[];
  readonly data: number[];
}

interface GoldenFile {
  readonly config: {
    readonly tying: "adjacent" | "layerWise";
    readonly softmax: boolean;
    readonly vocabulary: number;
    readonly width: number;
    readonly hops: number;
    readonly times: number;
    readonly sentences: number[][][];
    readonly ages: number[][];
    readonly questions: number[][];
    readonly answers: number[];
  };
  readonly weights: Record<string, Stored>;
  readonly outputs: { readonly loss: number; readonly logits: Stored; readonly weights: Stored[] };
  readonly gradients: Record<string, Stored>;
}

const load = (name: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../../tests/golden/memory_network_${name}.json`, import.meta.url), "utf8"),
  ) as GoldenFile;

const integers = (list: readonly number[]) => fromArray(Int32Array.from(list), [list.length], "int32");

/** Lists of words, as rows of a chain each. */
function laid(lists: readonly (readonly number[])[]) {
  const structure = chain(lists.map((words) => words.length));
  const flat = lists.flat();
  return { x: integers(Array.from(structure.parts.order, (at) => flat[at]!)), structure };
}

function storiesOf(sentences: number[][][], ages: number[][], questions: number[][]): Stories {
  return {
    structure: chain(questions.map(() => 1)).withSets({ sentences: sentences.map((s) => s.length) }),
    sentences: laid(sentences.flat()),
    times: integers(ages.flat()),
    questions: laid(questions),
  };
}

/** The parameters of the network from a file's, or its gradients. */
function parts(of: Record<string, Stored>, dtype: "float64" | "float32") {
  const read = (test: RegExp, rename: (name: string) => string = (name) => name) =>
    Object.fromEntries(
      Object.entries(of)
        .filter(([name]) => test.test(name))
        .map(([name, { data, shape }]) => [rename(name), fromArray(data, shape, dtype)]),
    );
  return {
    words: read(/^E/),
    hops: read(/^[TH]/),
    ...(of.W ? { question: read(/^B/, () => "E0"), answer: read(/^W/).W! } : {}),
  };
}

describe.each(["adjacent", "linear", "layer_wise"])(
  "the end-to-end memory network of PyTorch: %s",
  (name) => {
    const { config, weights, outputs, gradients } = load(name);
    const { vocabulary, width, hops, tying, times, softmax } = config;
    const net = endToEndMemoryNetwork({ vocabulary, width, hops, tying, times });
    const stories = storiesOf(config.sentences, config.ages, config.questions);
    test.each([
      ["float64", 1e-13],
      ["float32", 1e-5],
    ] as const)("%s", (dtype, tolerance) => {
      const params = parts(weights, dtype);
      const result = net.apply(params as never, stories, { softmax, weights: true });
      expect(difference(numbers(result.output), outputs.logits.data)).toBeLessThan(tolerance);
      expect(
        difference(
          numbers(result.weights!),
          outputs.weights.flatMap(({ data }) => data),
        ),
      ).toBeLessThan(tolerance);
      const { value, grads } = valueAndGrad((p: typeof params) =>
        crossEntropyMean(net.apply(p as never, stories, { softmax }).output, integers(config.answers)),
      )(params);
      expect(difference(numbers(value), [outputs.loss])).toBeLessThan(tolerance);
      const expected = parts(gradients, dtype);
      expect(difference(leaves(grads).flatMap(numbers), leaves(expected).flatMap(numbers))).toBeLessThan(
        tolerance,
      );
    });
  },
);

const words = "the a cat dog sat ran here there who what".split(" ");
/** Questions about words drawn by their number. */
const questions: StoryQuestion[] = [3, 0, 1, 5].map((count, q) => ({
  sentences: Array.from({ length: count }, (_, s) =>
    Array.from({ length: 1 + ((q + s) % 4) }, (_, w) => words[(3 * q + 5 * s + 7 * w) % 8]!),
  ),
  question: ["who", words[q]!].slice(q % 2),
  answer: words[2 * q]!,
  supports: count > 0 ? [count - 1] : [],
}));
const vocabulary = storyVocabulary(questions);

describe.each([
  ["adjacent", {}],
  ["layerWise", {}],
  ["adjacent", { positions: false, times: 0, hops: 1 }],
] as const)("an end-to-end memory network, %s %j", (tying, settings) => {
  const net = endToEndMemoryNetwork({
    vocabulary: vocabulary.size,
    width: 3,
    hops: 2,
    tying,
    times: 5,
    ...settings,
  });
  const params = randomLike(net.init(Key.of(1), "float64"), Key.of(2), 0.8);
  const loss = (softmax: boolean, some = questions) => {
    const stories = packStories(some, vocabulary);
    return (p: typeof params) =>
      crossEntropyMean(net.apply(p as never, stories, { softmax }).output, stories.answers);
  };

  test.each([true, false])("derivatives are those of the values, to second order; softmax %s", (softmax) => {
    const { first, second } = scope(() => checkDerivatives(loss(softmax) as never, params, { second: true }));
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-6);
  });

  test("a batch gives what its stories give alone", () => {
    const whole = numbers(net.apply(params as never, packStories(questions, vocabulary)).output);
    const alone = questions.flatMap((q) =>
      numbers(net.apply(params as never, packStories([q], vocabulary)).output),
    );
    expect(difference(whole, alone)).toBeLessThan(1e-14);
    const grads = (some: StoryQuestion[]) =>
      leaves(valueAndGrad(loss(true, some))(params).grads).flatMap(numbers);
    const each = questions.map((q) => grads([q]));
    const mean = each[0]!.map((_, i) => each.reduce((total, g) => total + g[i]! / each.length, 0));
    expect(difference(grads(questions), mean)).toBeLessThan(1e-13);
  });
});

describe("a key-value memory network", () => {
  const texts = questions.map((q) => ({ ...q, sentences: q.sentences.map((s) => [s[0]!, "the"]) }));
  const all = storyVocabulary([...questions, ...texts]);
  const storiesOfSome = (some: readonly number[]) => ({
    ...packStories(
      some.map((i) => questions[i]!),
      all,
    ),
    values: packStories(
      some.map((i) => texts[i]!),
      all,
    ).sentences,
  });
  const net = keyValueMemoryNetwork({ vocabulary: all.size, width: 3, hops: 2, times: 4 });
  const params = randomLike(net.init(Key.of(1), "float64"), Key.of(2), 0.8);
  const every = [0, 1, 2, 3];

  test("gives what its equations give", () => {
    const [E, B] = [rows(params.words.E0!), rows(params.answer)];
    const [T0, T1] = [rows(params.hops.T0!), rows(params.hops.T1!)];
    const bag = (words: readonly string[]) =>
      [1, 2, 3].map((k) =>
        words.reduce((total, word, at) => {
          const [j, J] = [at + 1, words.length];
          return total + (1 - j / J - (k / 3) * (1 - (2 * j) / J)) * E[all.number(word)]![k - 1]!;
        }, 0),
      );
    const plus = (a: number[], b: number[]) => a.map((x, i) => x + b[i]!);
    const expected = questions.map(({ sentences, question }, i) => {
      let q = bag(question);
      for (const R of [rows(params.hops.R0!), rows(params.hops.R1!)]) {
        const age = (s: number) => Math.min(sentences.length - 1 - s, 3);
        const scores = sentences.map((words, s) =>
          plus(bag(words), T0[age(s)]!).reduce((total, x, k) => total + x * q[k]!, 0),
        );
        const total = scores.reduce((sum, x) => sum + Math.exp(x), 0);
        const read = texts[i]!.sentences.map((words, s) =>
          plus(bag(words), T1[age(s)]!).map((x) => (x * Math.exp(scores[s]!)) / total),
        );
        const sum = read.reduce(plus, q);
        q = [0, 1, 2].map((column) => product(sum, R, column));
      }
      return B.map((b) =>
        product(
          b,
          q.map((x) => [x]),
          0,
        ),
      );
    });
    const { output, weights } = net.apply(params as never, storiesOfSome(every), { weights: true });
    expect(difference(numbers(output), expected.flat())).toBeLessThan(1e-14);
    expect(weights!.shape).toEqual([9, 2]);
  });

  test("derivatives are those of the values, to second order, and stories alone are a batch", () => {
    const stories = storiesOfSome(every);
    const loss = (p: typeof params) =>
      crossEntropyMean(net.apply(p as never, stories).output, stories.answers);
    const { first, second } = scope(() => checkDerivatives(loss as never, params, { second: true }));
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-6);
    const alone = every.flatMap((i) => numbers(net.apply(params as never, storiesOfSome([i])).output));
    expect(difference(numbers(net.apply(params as never, stories).output), alone)).toBeLessThan(1e-14);
  });

  test("as many values as keys", () => {
    const stories = { ...storiesOfSome(every), values: storiesOfSome([0]).values };
    expect(() => net.apply(params as never, stories)).toThrow(
      "keyValueMemoryNetwork.apply: stories.values has 3 texts, and stories.sentences has 9: a value for each",
    );
  });
});

describe("a supervised memory network", () => {
  const net = supervisedMemoryNetwork({ vocabulary: vocabulary.size, width: 3, times: 4 });
  const params = randomLike(net.init(Key.of(1), "float64"), Key.of(2), 0.8);
  const stories = packStories(questions, vocabulary);
  const supports = [[0, 2], [], [0], [3, 3, 1]];

  test("derivatives are those of the values, to second order", () => {
    const loss = (p: typeof params) => {
      const result = net.apply(p as never, stories, supports);
      return add(crossEntropyMean(result.output, stories.answers), sum(result.loss));
    };
    const { first, second } = scope(() => checkDerivatives(loss as never, params, { second: true }));
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-6);
  });

  test("told what it finds, it gives the same answers, and no other choice is likelier at the first hop", () => {
    const hops = [2, 0, 1, 3];
    const found = net.find(params as never, stories, hops);
    expect(found.supports.map(({ length }) => length)).toEqual(hops);
    const { output, loss } = net.apply(params as never, stories, found.supports);
    expect(difference(numbers(found.output), numbers(output))).toBeLessThan(1e-14);
    const first = [0, 1, 2, 3, 4].map(
      (s) => numbers(net.apply(params as never, packStories([questions[3]!], vocabulary), [[s]]).loss)[0]!,
    );
    expect(first.indexOf(Math.min(...first))).toBe(found.supports[3]![0]);
    expect(first.reduce((total, l) => total + Math.exp(-l), 0)).toBeCloseTo(1, 13);
    expect(numbers(loss)[1]).toBe(0);
  });

  test("a batch gives what its stories give alone", () => {
    const whole = net.apply(params as never, stories, supports);
    const alone = questions.map((q, i) =>
      net.apply(params as never, packStories([q], vocabulary), [supports[i]!]),
    );
    for (const part of ["output", "loss"] as const)
      expect(
        difference(
          numbers(whole[part]),
          alone.flatMap((result) => numbers(result[part])),
        ),
      ).toBeLessThan(1e-14);
  });

  test("what is no fact, and facts for other questions", () => {
    expect(() => net.apply(params as never, stories, [[0], [], [5], [0]])).toThrow(IndexError);
    expect(() => net.apply(params as never, stories, [[0]])).toThrow(
      "supervisedMemoryNetwork.apply: supports are given for 1 questions, and there are 4",
    );
    expect(() => net.find(params as never, stories, 1)).toThrow(IndexError);
  });
});

describe("a dynamic memory network", () => {
  const net = dynamicMemoryNetwork({ vocabulary: vocabulary.size, width: 3, episodes: 2 });
  const params = randomLike(net.init(Key.of(1), "float64"), Key.of(2), 0.8);
  const stories = packStories(questions, vocabulary);

  test("derivatives are those of the values, to second order", () => {
    const loss = (p: typeof params) => {
      const { output, gates } = net.apply(p as never, stories);
      return add(crossEntropyMean(output, stories.answers), sum(tanh(gates)));
    };
    const { first, second } = scope(() => checkDerivatives(loss as never, params, { second: true }));
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-6);
  });

  test("a batch gives what its stories give alone, gates in the order of sentences", () => {
    const whole = net.apply(params as never, stories);
    const alone = questions.map((q) => net.apply(params as never, packStories([q], vocabulary)));
    for (const part of ["output", "gates"] as const)
      expect(
        difference(
          numbers(whole[part]),
          alone.flatMap((result) => numbers(result[part])),
        ),
      ).toBeLessThan(1e-14);
  });
});

/** Facts, some of which the gate lets through. */
const passing = attentionGru({ width: 3, gate: 2 });
const passingInputs = {
  x: normals(Key.of(4), 6, 3),
  question: normals(Key.of(5), 4, 3),
  memory: normals(Key.of(6), 4, 3),
};
const supportCells = [true, false].map((forced) => {
  const sentences = {
    key: normals(Key.of(4), 5, 3),
    value: normals(Key.of(5), 5, 3),
    time: tensor([1, 0, 7, 2, 0], "int32"),
  };
  const inputs = { ...(forced ? { target: tensor([1, 2, 0, 0], "int32") } : {}), sentences };
  const over = chain([2, 0, 2]).withSets({ sentences: [2, 0, 3] });
  return [
    `supportHops, forced ${forced}`,
    supportHops({ width: 3, times: 4, forced }),
    inputs,
    over,
  ] as const;
});
test("places are shares of the sentence's own words, or of those of the longest", () => {
  const one = { sentences: [["a", "b"]], question: ["a"], answer: "b", supports: [0] };
  const two = { ...one, sentences: [["a", "b", "a", "a"]] };
  const known = storyVocabulary([one]);
  const outputs = ([{}, { longest: 2 }, { longest: 4 }] as const).map((longest) => {
    const net = endToEndMemoryNetwork({ vocabulary: known.size, width: 3, ...longest });
    const params = randomLike(net.init(Key.of(1), "float64"), Key.of(2));
    return [one, two].map((q) => numbers(net.apply(params as never, packStories([q], known)).output));
  });
  // The question has one word, so its own place differs from that of a longer J.
  expect(outputs[0]![0]).not.toEqual(outputs[1]![0]);
  expect(outputs[1]![0]).not.toEqual(outputs[2]![0]);
  const bag = wordBags({ vocabulary: 2, width: 2 });
  const E0 = tensor(
    [
      [1, 10],
      [100, 1000],
    ],
    "float64",
  );
  const inputs = { word: tensor([0, 1], "int32"), position: tensor([0.25, 0.5], "float64") };
  const { sums } = unfold(bag, { E0 }, inputs as never, chain([2]));
  // l = (1 - p) - (k/2) (1 - 2p): .5, .25 for p = .25, and .5, .5 for p = .5.
  expect(numbers((sums as { E0: Value }).E0)).toEqual([0.5 * 1 + 0.5 * 100, 0.25 * 10 + 0.5 * 1000]);
});

const structure = chain([1, 1, 1]).withSets({ sentences: [2, 0, 3] });
const hopCells = (["adjacent", "layerWise", "keyValue"] as const).flatMap((tying) =>
  [true, false].map((softmax) => {
    const cell = memoryHops({ width: 3, hops: 2, tying, times: 4, softmax, weights: true });
    const vectors = tying === "adjacent" ? ["m0", "m1", "m2"] : ["m0", "m1"];
    const members = Object.fromEntries(vectors.map((m, i) => [m, normals(Key.of(5).fold(i), 5, 3)]));
    const inputs = {
      u: normals(Key.of(4), 3, 3),
      sentences: { ...members, time: tensor([1, 0, 7, 2, 0], "int32") },
    };
    return [`memoryHops ${tying}, softmax ${softmax}`, cell, inputs, structure] as const;
  }),
);
const bagCells = [true, false].map((positions) => {
  const cell = wordBags({ vocabulary: 5, width: 3, tables: 2, positions });
  const word = tensor([4, 1, 1, 0, 3, 2], "int32");
  const position = normals(Key.of(4), 6);
  return [
    `wordBags, positions ${positions}`,
    cell,
    { word, ...(positions ? { position } : {}) },
    chain([3, 0, 1, 2]),
  ] as const;
});

const gruCells = [["attentionGru", passing, passingInputs, chain([3, 0, 1, 2])] as const];
const entityCells = [
  [
    "entityMemory",
    entityMemory({ width: 3, entities: 4 }),
    { x: normals(Key.of(4), 6, 3) },
    chain([3, 0, 1, 2]),
  ] as const,
  [
    "maskedWords",
    maskedWords({ vocabulary: 5, width: 3, longest: 2 }),
    { word: tensor([4, 1, 1, 0, 3, 2], "int32"), position: tensor([0, 0, 0, 1, 1, 2], "int32") },
    chain([3, 0, 1, 2]),
  ] as const,
];

test.each([...hopCells, ...bagCells, ...supportCells, ...gruCells, ...entityCells])(
  "%s: compiled is the plain loop, to second order",
  (_, cell, inputs, over) => {
    const any = cell as unknown as AnyCell;
    const floats = leaves(inputs).filter((v) => v.dtype === "float64");
    const point = {
      params: randomLike(any.init(Key.of(1), "float64"), Key.of(2), 0.8) as Record<string, Value>,
      floats: floats as Value[],
    };
    const loss = (loop: "plain" | "compiled") => (p: typeof point) => {
      const at = new Map<Value, Value>(floats.map((v, i) => [v, p.floats[i]!]));
      const swap = (tree: unknown): unknown =>
        at.get(tree as Value) ??
        ((tree as Value).dtype !== undefined
          ? tree
          : Object.fromEntries(Object.entries(tree as object).map(([name, v]) => [name, swap(v)])));
      const { output, final, sums } = unfold(any, p.params as never, swap(inputs) as never, over, { loop });
      return leaves([output, final, sums] as unknown as Value[])
        .filter((v) => v.size > 0 && v.dtype !== "int32")
        .map((v, i) => sum(mul(tanh(v), normals(Key.of(7).fold(i), ...v.shape))))
        .reduce((a, b) => add(a, b));
    };
    const direction = randomLike(point, Key.of(8), 1);
    const [plain, compiled] = (["plain", "compiled"] as const).map((loop) => [
      ...leaves(valueAndGrad(loss(loop) as never)(point as never) as never).flatMap(numbers),
      ...leaves(
        hessianVectorProduct(loss(loop) as never)(point as never, direction as never) as never,
      ).flatMap(numbers),
    ]);
    expect(difference(compiled!, plain!)).toBeLessThan(1e-12);
  },
);

test("it learns where things are", () => {
  const places = ["kitchen", "garden", "office"];
  const people = ["mary", "john"];
  const all: StoryQuestion[] = [];
  for (let n = 0; n < 64; n++) {
    const sentences = Array.from({ length: 2 + (n % 3) }, (_, s) => [
      people[(n + s) % 2]!,
      "to",
      places[(n * 7 + s * 5 + (n >> 3)) % 3]!,
    ]);
    const asked = people[(n >> 2) % 2]!;
    const last = sentences.findLastIndex(([person]) => person === asked);
    all.push({ sentences, question: ["where", asked], answer: sentences[last]![2]!, supports: [last] });
  }
  const known = storyVocabulary(all);
  const net = endToEndMemoryNetwork({ vocabulary: known.size, width: 12, hops: 1, times: 5 });
  const stories = packStories(all, known);
  const step = trainingStep(
    (p: ReturnType<typeof net.init>) => crossEntropyMean(net.apply(p, stories).output, stories.answers),
    sgd({ learningRate: 1 }),
  );
  let at = step.start(net.init(Key.of(3)));
  for (let i = 0; i < 300; i++) at = step(at);
  expect(onCpu(at.loss).item()).toBeLessThan(0.05);
});
