import {
  adam,
  binaryTreeLstm,
  type ClassifiedTree,
  childSumTreeLstm,
  Key,
  leaves,
  mapTree,
  mul,
  parseTree,
  startTraining,
  type Tensor,
  train,
  treeClassifier,
  treeEncoder,
  treeLearner,
  treesRunModel,
  treeTask,
} from "longspan";
import { describe, expect, it } from "vitest";
import { treePredictor } from "../../src/tasks/trees/tree-encoding.js";

/** Trees over words 2 and 3 whose nodes say whether an odd number of words 3 lies under them. */
function parities(count: number): ClassifiedTree[] {
  return Array.from({ length: count }, (_, i) => {
    const [a, b, c] = [i & 1, (i >> 1) & 1, (i >> 2) & 1] as [number, number, number];
    return {
      children: [[1, 4], [2, 3], [], [], []],
      words: [0, 0, 2 + a, 2 + b, 2 + c],
      labels: [(a + b + c) % 2, (a + b) % 2, a, -1, c],
    };
  });
}
const make = (cell = binaryTreeLstm({ input: 6, hidden: 10 })) =>
  treeClassifier({ cell: cell as never, hidden: 10, words: 4, features: 6, classes: 2 });
const lossOf = async (
  learner: ReturnType<typeof treeLearner>,
  params: unknown,
  some: ClassifiedTree[],
  weights: Float64Array | null = null,
) => (await (learner.loss(params as never, learner.pack(some, weights), null) as Tensor).data())[0]!;

describe("a tree classifier", () => {
  it("scores nodes that have a class, and reads a tree alone as beside others", async () => {
    const learner = treeLearner(make());
    const params = learner.init(Key.of(1));
    const [a, b] = parities(8).slice(2, 4) as [ClassifiedTree, ClassifiedTree];
    const batch = learner.pack([a, b], null);
    expect(learner.predictions(batch)).toBe(8);
    const [of, and] = [await lossOf(learner, params, [a]), await lossOf(learner, params, [b])];
    expect(await lossOf(learner, params, [a, b])).toBeCloseTo((of + and) / 2, 6);
    expect(await lossOf(learner, params, [a, b], Float64Array.of(2, 0))).toBeCloseTo(of, 6);
  });

  it("joins more children than a cell has ports from the left", async () => {
    const learner = treeLearner(make());
    const params = learner.init(Key.of(1));
    const three: ClassifiedTree = {
      children: [[1, 2, 3], [], [], []],
      words: [0, 2, 3, 2],
      labels: [1, -1, -1, -1],
    };
    const joined: ClassifiedTree = {
      children: [[1, 4], [2, 3], [], [], []],
      words: [0, 0, 2, 3, 2],
      labels: [1, -1, -1, -1, -1],
    };
    const right: ClassifiedTree = {
      children: [[1, 2], [], [3, 4], [], []],
      words: [0, 2, 0, 3, 2],
      labels: [1, -1, -1, -1, -1],
    };
    expect(await lossOf(learner, params, [three])).toBe(await lossOf(learner, params, [joined]));
    expect(await lossOf(learner, params, [three])).not.toBe(await lossOf(learner, params, [right]));
    const sums = treeLearner(make(childSumTreeLstm({ input: 6, hidden: 10 }) as never));
    const own = sums.init(Key.of(1));
    const turned = { ...three, words: [0, 2, 2, 3] };
    expect(await lossOf(sums, own, [three])).toBeCloseTo(await lossOf(sums, own, [turned]), 6);
  });

  it("predicts the label of every node, with the probability of the root's, whatever trees are beside it", async () => {
    const model = make();
    const learner = treeLearner(model);
    const labels = ["even", "odd"];
    const answers = new Set<string>();
    for (const key of [3, 4, 5, 6]) {
      const params = mapTree(learner.init(Key.of(key)), (v) => mul(v, 5));
      const predictor = treePredictor(model, params, { labels, words: ["a", "b"], bracketLabels: false });
      const texts = ["((a b) b)", "(a (b (b a)))", "b", "((b b) (a a))"];
      const trees = texts.map((text) => predictor.read(text));
      const found = await predictor.predict(trees);
      expect(await predictor.predict([])).toEqual([]);
      for (const [k, tree] of trees.entries()) {
        // e^-loss is the probability of the one label that is asked about.
        const asked = async (node: number, label: number) => {
          const labelled = { ...tree, labels: Array.from(tree.labels, (_, i) => (i === node ? label : -1)) };
          return Math.exp(-(await lossOf(learner, params, [labelled])));
        };
        const { label, probability, nodes } = found[k] as {
          label: string;
          probability: number;
          nodes: string[];
        };
        expect(probability).toBeCloseTo(await asked(0, labels.indexOf(label)), 6);
        expect(nodes).toHaveLength(tree.children.length);
        for (const [node, answer] of nodes.entries())
          expect(await asked(node, labels.indexOf(answer))).toBeGreaterThan(0.5);
        expect(nodes[0]).toBe(label);
        for (const answer of nodes) answers.add(answer);
      }
    }
    // Both answers are given, or one taken from another node would not be noticed.
    expect(answers.size).toBe(2);
  });

  it("counts roots and all nodes apart", async () => {
    const learner = treeLearner(make());
    const rootless = { ...parities(1)[0]!, labels: [-1, 0, 0, 0, 0] };
    const found = await learner.evaluate(learner.init(Key.of(1)), [rootless, ...parities(3)]);
    const { confusion } = found!.details as { confusion: number[][] };
    expect(confusion.flat().reduce((a, b) => a + b, 0)).toBe(3);
    expect(found!.measures.nodeAccuracy! * 16).toBeCloseTo(Math.round(found!.measures.nodeAccuracy! * 16), 9);
  });

  it("learns, and cut in two ends with the same bits", async () => {
    const examples = parities(8);
    const model = make();
    const run = async (cuts: readonly number[]) => {
      const optimiser = adam({ learningRate: 0.02 });
      let state = startTraining(
        treeTask(model, examples, { key: Key.of(1), batch: 3 }),
        optimiser,
        model.init(Key.of(2)),
      );
      for (const steps of cuts) {
        const task = treeTask(model, examples, { key: Key.of(1), batch: 3 });
        ({ state } = await train(task, state, { optimiser, budget: { steps }, key: Key.of(3) }));
      }
      return state.params;
    };
    const numbersOf = async (params: object) =>
      Promise.all(leaves(params).map(async (p) => Array.from(await (p as Tensor).data())));
    expect(await numbersOf(await run([4, 11]))).toEqual(await numbersOf(await run([11])));
    const found = await treeLearner(model).evaluate(await run([400]), examples);
    expect(found?.measures).toEqual({ rootAccuracy: 1, nodeAccuracy: 1 });
  });

  it("takes cells over trees by name, and no others", () => {
    const encoding = { labels: ["a", "b"], words: ["x"], bracketLabels: true };
    const settings = { hidden: 4, features: 3, dropout: 0 };
    for (const cell of [
      "binary-tree-lstm",
      "child-sum-tree-lstm",
      "nary-tree-lstm",
      "tree-rnn",
      "tensor-tree-rnn",
      "gated-tree",
    ])
      expect(treesRunModel({ ...settings, cell }, encoding).classes).toBe(2);
    expect(() => treesRunModel({ ...settings, cell: "lstm" }, encoding)).toThrow(
      "treesRunModel: cell is one of ",
    );
  });

  it("puts trees into numbers, with what is unknown", () => {
    const encode = treeEncoder({ labels: ["no", "yes"], words: ["good"], bracketLabels: true });
    const { words, labels } = encode(parseTree("(yes (no not) (odd good))"));
    expect([words, labels]).toEqual([
      [0, 1, 2],
      [1, 0, -1],
    ]);
  });
});
