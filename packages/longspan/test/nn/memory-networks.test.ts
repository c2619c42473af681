import { readFileSync } from "node:fs";
import {
  type AnyCell,
  add,
  chain,
  checkDerivatives,
  crossEntropyMean,
  endToEndMemoryNetwork,
  fromArray,
  hessianVectorProduct,
  Key,
  leaves,
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
  tanh,
  tensor,
  trainingStep,
  unfold,
  type Value,
  valueAndGrad,
  wordBags,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike } from "./plain.js";

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

const structure = chain([1, 1, 1]).withSets({ sentences: [2, 0, 3] });
const hopCells = (["adjacent", "layerWise", "keyValue"] as const).flatMap((tying) =>
  [true, false].map((softmax) => {
    const cell = memoryHops({ width: 3, hops: 2, tying, times: 4, softmax, weights: true });
    const vectors = tying === "adjacent" ? ["m0", "m1", "m2"] : ["m0", "m1"];
    const members = Object.fromEntries(vectors.map((m, i) => [m, normals(Key.of(5).fold(i), 5, 3)]));
    const inputs = {
      u: normals(Key.of(4), 3, 3),
      sentences: { ...members, time: tensor([1, 0, 3, 2, 0], "int32") },
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

test.each([...hopCells, ...bagCells])(
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
      const { output, sums } = unfold(any, p.params as never, swap(inputs) as never, over, { loop });
      return leaves([output, sums] as unknown as Value[])
        .filter((v) => v.size > 0)
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
