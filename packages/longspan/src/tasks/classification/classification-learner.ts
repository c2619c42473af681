import { check, checkSettings, having, type KindsOf, optional } from "../../check/index.js";
import { crossEntropyPerRow } from "../../nn/index.js";
import { mean, mul } from "../../ops/index.js";
import { fromArray, leaves, scope, type Tensor, type Traceable, type Value } from "../../tensor/index.js";
import { type Backward, chain, type Structure } from "../../unfold/index.js";
import { backwardKind } from "../../unfold/kinds.js";
import { type ExampleTask, type ExampleTaskOptions, exampleTask, exampleTaskKinds } from "../example-task.js";
import { forEachBatch } from "../for-each-batch.js";
import type { Learner } from "../learner.js";
import { argmaxOf } from "./argmax-of.js";
import { classificationScores } from "./classification-scores.js";
import type { SequenceClassifier } from "./sequence-classifier.js";

/** A sequence, and its class. */
export interface ClassifiedSequence {
  /** Symbols, or rows of numbers one after the other, [steps, input]. */
  readonly values: Int32Array | Float32Array | Float64Array;
  /** At least 1. */
  readonly steps: number;
  /** A class, from 0. */
  readonly label: number;
}

/** Sequences, packed for a classifier. */
export interface ClassificationBatch {
  /** Rows of the structure: symbols [nodes], or [nodes, input]. */
  readonly x: Int32Array | Float32Array | Float64Array;
  readonly structure: Structure;
  readonly labels: Int32Array;
  readonly weights: Float64Array | null;
}

/** How a classifier learns. */
export interface ClassificationOptions {
  /** How the recurrence is differentiated; full by default. */
  readonly backward?: Backward;
}

/**
 * What a classifier learns from sequences and their classes: the cross-entropy, in nats per sequence. Its evaluation measures `accuracy` and
 * `macroF1`; `details` are the `classificationScores`.
 *
 * @param model a sequence classifier, or anything that gives logits [sequences, classes] of rows and their structure
 * @example
 * const layer = recurrent(lstm({ input: 2, hidden: 8 }));
 * const learner = classificationLearner(sequenceClassifier({ layer, features: 8, classes: 3 }));
 * const examples = [{ values: Float32Array.of(1, 2, 3, 4), steps: 2, label: 0 }];
 * const found = await learner.evaluate(learner.init(Key.of(1)), examples);
 * found?.measures.accuracy; // 0 or 1
 */
export function classificationLearner<P>(
  model: SequenceClassifier<P>,
  options?: ClassificationOptions,
): Learner<ClassifiedSequence, P, ClassificationBatch> {
  check("classificationLearner", "model", model, modelKind);
  const learning = checkSettings("classificationLearner", options, learnerKinds);
  const { classes, input } = model;
  const logits = (params: Traceable<P>, { x, structure }: ClassificationBatch, more: object = {}) =>
    model.apply(params, rowsOf(x, structure.nodes, input, params), structure, more);
  return {
    init: (key, dtype) => model.init(key, dtype),
    sizeOf: ({ steps }) => steps,
    predictions: ({ labels }) => labels.length,
    pack: (examples, weights) => packSequences(examples, input, weights),
    loss(params, batch, key) {
      const losses = crossEntropyPerRow(logits(params, batch, { key, ...learning }), labelsOf(batch.labels));
      return mean(batch.weights ? mul(losses, weightsOf(batch.weights, losses)) : losses);
    },
    async evaluate(params, examples, settings) {
      const answered = new Int32Array(examples.length);
      let total = 0;
      const complete = await forEachBatch(
        examples,
        ({ steps }) => steps,
        settings,
        async (some, numbers) => {
          const batch = packSequences(some, input, null);
          const { losses, outputs } = scope(() => {
            const outputs = logits(params as Traceable<P>, batch) as Tensor;
            return { outputs, losses: crossEntropyPerRow(outputs, labelsOf(batch.labels)) as Tensor };
          });
          const [nats, rows] = await Promise.all([losses.data(), outputs.data()]);
          for (const nat of nats) total += nat;
          for (const [k, i] of numbers.entries()) answered[i] = argmaxOf(rows, k * classes, classes);
          losses.dispose();
          outputs.dispose();
        },
      );
      if (!complete) return null;
      const labels = Int32Array.from(examples, ({ label }) => label);
      const scores = classificationScores(labels, answered, classes);
      const { accuracy, macroF1 } = scores;
      return {
        loss: total / examples.length,
        examples: examples.length,
        measures: { accuracy, macroF1 },
        details: scores,
      };
    },
  };
}

/**
 * Training of a classifier on sequences and their classes: `exampleTask` of its `classificationLearner`.
 *
 * @example
 * const layer = recurrent(gru({ input: 1, hidden: 8 }));
 * const model = sequenceClassifier({ layer, features: 8, classes: 2 });
 * const examples = [0, 1, 0, 1].map((label) => ({ values: Float32Array.of(label, 0.5), steps: 2, label }));
 * const task = classificationTask(model, examples, { key: Key.of(1), batch: 2 });
 * const optimiser = adam({ learningRate: 0.01 });
 * await train(task, startTraining(task, optimiser, model.init(Key.of(2))), { optimiser, budget: { steps: 4 }, key: Key.of(3) });
 */
export function classificationTask<P>(
  model: SequenceClassifier<P>,
  examples: readonly ClassifiedSequence[],
  options: ExampleTaskOptions & ClassificationOptions,
): ExampleTask<P, ClassificationBatch> {
  check("classificationTask", "model", model, modelKind);
  const { backward, ...others } = checkSettings("classificationTask", options, {
    ...exampleTaskKinds,
    ...learnerKinds,
  });
  return exampleTask(classificationLearner(model, backward ? { backward } : {}), examples, others);
}

const learnerKinds: KindsOf<ClassificationOptions> = { backward: optional(backwardKind) };
const modelKind = having(
  "a classifier, such as sequenceClassifier({ layer, features, classes })",
  "init",
  "apply",
);

/** Sequences in the rows of a chain. @param input features of a row; null for symbols */
export function packSequences(
  examples: readonly ClassifiedSequence[],
  input: number | null,
  weights: Float64Array | null,
): ClassificationBatch {
  const structure = chain(examples.map(({ steps }) => steps));
  const width = input ?? 1;
  const x = input === null ? new Int32Array(structure.nodes) : new Float32Array(structure.nodes * width);
  const begin = new Int32Array(examples.length);
  for (let s = 1; s < begin.length; s++) begin[s] = begin[s - 1]! + examples[s - 1]!.steps;
  const { order, sequenceOf } = structure.parts;
  for (let row = 0; row < structure.nodes; row++) {
    const s = sequenceOf[row]!;
    const at = (order[row]! - begin[s]!) * width;
    for (let i = 0; i < width; i++) x[row * width + i] = examples[s]!.values[at + i]!;
  }
  return { x, structure, labels: Int32Array.from(examples, ({ label }) => label), weights };
}

function rowsOf(x: ClassificationBatch["x"], nodes: number, input: number | null, params: unknown): Value {
  if (input === null) return fromArray(x, [nodes], "int32");
  return fromArray(x, [nodes, input], leaves(params)[0]?.dtype ?? "float32");
}

function labelsOf(labels: Int32Array): Value {
  return fromArray(labels, [labels.length], "int32");
}

function weightsOf(weights: Float64Array, losses: Value): Value {
  return fromArray(weights, [weights.length], losses.dtype);
}
