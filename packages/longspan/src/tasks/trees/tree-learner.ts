import { check, checkSettings, having, type KindsOf, optional } from "../../check/index.js";
import { crossEntropyPerRow } from "../../nn/index.js";
import { mean, mul } from "../../ops/index.js";
import { fromArray, scope, type Tensor, type Traceable, type Value } from "../../tensor/index.js";
import { type Backward, type Structure, trees } from "../../unfold/index.js";
import { backwardKind } from "../../unfold/kinds.js";
import { argmaxOf } from "../classification/argmax-of.js";
import { classificationScores } from "../classification/classification-scores.js";
import { type ExampleTask, type ExampleTaskOptions, exampleTask, exampleTaskKinds } from "../example-task.js";
import { forEachBatch } from "../for-each-batch.js";
import type { Learner } from "../learner.js";
import type { ClassifiedTree } from "./classified-tree.js";
import { fitPorts } from "./fit-ports.js";
import type { TreeClassifier, TreeClassifierParams } from "./tree-classifier.js";

/** Trees, packed for a classifier. */
export interface TreeBatch {
  readonly structure: Structure;
  /** Rows of the structure. */
  readonly words: Int32Array;
  /** Rows of nodes with a class, and their classes. */
  readonly rows: Int32Array;
  readonly labels: Int32Array;
  /** Of each of these. */
  readonly weights: Float64Array | null;
}

/** How a tree classifier learns. */
export interface TreeTaskOptions {
  /** How the recursion is differentiated; full by default. */
  readonly backward?: Backward;
}

/**
 * What a tree classifier learns from trees whose nodes have classes, all of them or some: the cross-entropy, in nats per node with a class. Its
 * evaluation measures `rootAccuracy`, over the trees whose root has a class, and `nodeAccuracy`, over all nodes that have one; `details` are
 * the `classificationScores` of the roots. Where a cell has ports and a node more children than ports, children are joined from the left.
 *
 * @example
 * const model = treeClassifier({ cell: childSumTreeLstm({ input: 4, hidden: 8 }), hidden: 8, words: 5, features: 4, classes: 2 });
 * const learner = treeLearner(model);
 * const tree = { children: [[1, 2], [], []], words: [0, 2, 3], labels: [1, -1, 0] };
 * const found = await learner.evaluate(learner.init(Key.of(1)), [tree]);
 * found?.measures.nodeAccuracy; // 0, 0.5 or 1
 */
export function treeLearner<P = TreeClassifierParams>(
  model: TreeClassifier<P>,
  options?: TreeTaskOptions,
): Learner<ClassifiedTree, P, TreeBatch> {
  check("treeLearner", "model", model, modelKind);
  const learning = checkSettings("treeLearner", options, learnerKinds);
  const { classes, ports } = model;
  const logits = (params: Traceable<P>, { words, structure, rows }: TreeBatch, more: object = {}) =>
    model.apply(params, fromArray(words, [words.length], "int32"), structure, { rows, ...more });
  return {
    init: (key, dtype) => model.init(key, dtype),
    sizeOf: ({ children }) => children.length,
    predictions: ({ rows }) => rows.length,
    pack: (examples, weights) => packTrees(examples, ports, weights),
    loss(params, batch, key) {
      const losses = lossesOf(logits(params, batch, { key, ...learning }), batch);
      if (!batch.weights) return mean(losses);
      return mean(mul(losses, fromArray(batch.weights, [batch.weights.length], losses.dtype)));
    },
    async evaluate(params, examples, settings) {
      const [right, answered]: [number[], number[]] = [[], []];
      let [total, hits, nodes] = [0, 0, 0];
      const complete = await forEachBatch(examples, sizeOf, settings, async (some) => {
        const batch = packTrees(some, ports, null);
        if (batch.rows.length === 0) return;
        const { losses, outputs } = scope(() => {
          const outputs = logits(params as Traceable<P>, batch) as Tensor;
          return { outputs, losses: lossesOf(outputs, batch) as Tensor };
        });
        const [nats, found] = await Promise.all([losses.data(), outputs.data()]);
        losses.dispose();
        outputs.dispose();
        const { sinks } = rootsOf(batch.structure);
        for (const [k, row] of batch.rows.entries()) {
          const [label, answer] = [batch.labels[k]!, argmaxOf(found, k * classes, classes)];
          total += nats[k]!;
          nodes += 1;
          hits += label === answer ? 1 : 0;
          if (!sinks.has(row)) continue;
          right.push(label);
          answered.push(answer);
        }
      });
      if (!complete) return null;
      const scores = classificationScores(right, answered, classes);
      return {
        loss: total / nodes,
        examples: examples.length,
        measures: { rootAccuracy: scores.accuracy, nodeAccuracy: hits / nodes },
        details: scores,
      };
    },
  };
}

/**
 * Training of a tree classifier: `exampleTask` of its `treeLearner`.
 *
 * @example
 * const model = treeClassifier({ cell: binaryTreeLstm({ input: 4, hidden: 8 }), hidden: 8, words: 5, features: 4, classes: 2 });
 * const examples = [{ children: [[1, 2], [], []], words: [0, 2, 3], labels: [1, -1, -1] }];
 * const task = treeTask(model, examples, { key: Key.of(1) });
 * const optimiser = adam({ learningRate: 0.01 });
 * await train(task, startTraining(task, optimiser, model.init(Key.of(2))), { optimiser, budget: { steps: 2 }, key: Key.of(3) });
 */
export function treeTask<P = TreeClassifierParams>(
  model: TreeClassifier<P>,
  examples: readonly ClassifiedTree[],
  options: ExampleTaskOptions & TreeTaskOptions,
): ExampleTask<P, TreeBatch> {
  check("treeTask", "model", model, modelKind);
  const { backward, ...others } = checkSettings("treeTask", options, {
    ...exampleTaskKinds,
    ...learnerKinds,
  });
  return exampleTask(treeLearner(model, backward ? { backward } : {}), examples, others);
}

const learnerKinds: KindsOf<TreeTaskOptions> = { backward: optional(backwardKind) };
const modelKind = having(
  "a classifier of nodes, such as treeClassifier({ cell, hidden, words, features, classes })",
  "init",
  "apply",
);
const sizeOf = ({ children }: ClassifiedTree) => children.length;

function lossesOf(logits: Value, { labels }: TreeBatch): Value {
  return crossEntropyPerRow(logits, fromArray(labels, [labels.length], "int32"));
}

/** The rows of the roots. */
export function rootsOf({ parts }: Structure): { sinks: ReadonlySet<number>; byTree: Int32Array } {
  const { from, to } = parts.edges;
  const byTree = new Int32Array(parts.sequences);
  for (const [e, end] of to.entries()) if (end < 0) byTree[parts.sequenceOf[from[e]!]!] = from[e]!;
  return { sinks: new Set(byTree), byTree };
}

/** Trees in the rows of a structure. */
export function packTrees(
  examples: readonly ClassifiedTree[],
  ports: readonly string[],
  weights: Float64Array | null,
): TreeBatch {
  const fitted = examples.map((tree) => (ports.length > 0 ? fitPorts(tree, ports.length) : tree));
  const structure = trees(
    fitted.map(({ children }) => ({ children })),
    ports.length > 0 ? { ports } : undefined,
  );
  const begin = new Int32Array(fitted.length);
  for (let s = 1; s < begin.length; s++) begin[s] = begin[s - 1]! + fitted[s - 1]!.children.length;
  const { order, sequenceOf } = structure.parts;
  const words = new Int32Array(structure.nodes);
  const [rows, labels, ofRows]: [number[], number[], number[]] = [[], [], []];
  for (let row = 0; row < structure.nodes; row++) {
    const s = sequenceOf[row]!;
    const node = order[row]! - begin[s]!;
    words[row] = fitted[s]!.words[node]!;
    const label = fitted[s]!.labels[node]!;
    if (label < 0) continue;
    rows.push(row);
    labels.push(label);
    if (weights) ofRows.push(weights[s]!);
  }
  return {
    structure,
    words,
    rows: Int32Array.from(rows),
    labels: Int32Array.from(labels),
    weights: weights && Float64Array.from(ofRows),
  };
}
