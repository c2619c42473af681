import {
  check,
  checkSettings,
  integerIn,
  type KindsOf,
  list,
  numbers,
  optional,
  orNull,
  size,
} from "../check/index.js";
import type { Key } from "../tensor/index.js";
import { keyKind } from "../tensor/kinds.js";
import type { Task } from "../train/index.js";
import { normalisedWeights } from "./balanced-weights.js";
import { exampleBatches } from "./example-batches.js";
import { learnerKind } from "./kinds.js";
import type { Learner } from "./learner.js";

/** Training on a finite set of examples. P: parameters. B: a packed batch. */
export type ExampleTask<P, B = unknown> = Task<P, B, Readonly<Record<string, never>>>;

/** How examples are learned from. */
export interface ExampleTaskOptions {
  /** Of the order of the examples. */
  readonly key: Key;
  /** Examples per step; 32 by default. */
  readonly batch?: number;
  /** How much each example counts, in any unit; null, and by default, all the same. */
  readonly weights?: ArrayLike<number> | null;
  /** The first so many examples of a batch give the curvature, where an optimiser takes that (`hessianFree`); all by default. */
  readonly curvature?: number;
}

/**
 * Training of a learner on examples, pass after pass, each in an order of its own (`exampleBatches`). Examples of like length come
 * together where that saves steps. Nothing is carried from step to step.
 *
 * @throws RangeError if there are no examples, a weight is none, or there are not as many weights as examples
 * @example
 * const classes = ["low", "high"];
 * const model = sequenceClassifier({ layer: recurrent(gru({ input: 1, hidden: 8 })), features: 8, classes: classes.length });
 * const examples = [0.1, 0.9, 0.2, 0.8].map((x, i) => ({ values: Float32Array.of(x, x), steps: 2, label: i % 2 }));
 * const task = exampleTask(classificationLearner(model), examples, { key: Key.of(1), batch: 2 });
 * const optimiser = adam({ learningRate: 0.01 });
 * await train(task, startTraining(task, optimiser, model.init(Key.of(2))), { optimiser, budget: { steps: 4 }, key: Key.of(3) });
 */
export function exampleTask<X, P, B>(
  learner: Learner<X, P, B>,
  examples: readonly X[],
  options: ExampleTaskOptions,
): ExampleTask<P, B> {
  check("exampleTask", "learner", learner, learnerKind);
  check("exampleTask", "examples", examples, list);
  const { key, batch = 32, weights, curvature } = checkSettings("exampleTask", options, exampleTaskKinds);
  if (examples.length === 0)
    throw new RangeError("exampleTask: examples is empty; there is nothing to learn from");
  if (weights && weights.length !== examples.length)
    throw new RangeError(
      `exampleTask: there are ${examples.length} examples and ${weights.length} weights; give one for each example`,
    );
  if (curvature !== undefined)
    check("exampleTask", "curvature", curvature, integerIn(1, Math.min(batch, examples.length)));
  const scaled = weights ? normalisedWeights(weights) : null;
  const lengths = Int32Array.from(examples, (example) => learner.sizeOf(example));
  const batches = exampleBatches({ examples: examples.length, batch, key, lengths });
  const packed = (numbers: Int32Array) =>
    learner.pack(
      Array.from(numbers, (i) => examples[i]!),
      scaled && Float64Array.from(numbers, (i) => scaled[i]!),
    );
  return {
    capturable: true,
    batch: (step) => packed(batches.batch(step)),
    ...(curvature === undefined
      ? {}
      : { curvatureBatch: (step) => packed(batches.batch(step).subarray(0, curvature)) }),
    describe: (step) =>
      `batch ${(step % batches.perPass) + 1} of ${batches.perPass} in pass ${batches.passOf(step) + 1} over the examples`,
    predictions: (some) => learner.predictions(some),
    carriedAtStart: () => ({}),
    share: ({ rank, size: ranks }) => ({
      batch(step) {
        // Every so many: where a batch is in the order of lengths, all ranks get short and long examples.
        const own = batches.batch(step).filter((_, i) => i % ranks === rank);
        return own.length === 0 ? null : packed(own);
      },
    }),
    loss: (params, some, carried, forNet) => ({ loss: learner.loss(params, some, forNet), carried }),
  };
}

/** The kinds of these options, for tasks that have more of them. */
export const exampleTaskKinds: KindsOf<ExampleTaskOptions> = {
  key: keyKind,
  batch: optional(size),
  weights: optional(orNull(numbers)),
  curvature: optional(size),
};
