import { check, checkSettings, integerIn, optional, size } from "../check/index.js";
import type { SyntheticBatch, SyntheticProblem } from "../data/index.js";
import { problemKind } from "../data/kinds.js";
import type { SequenceLayer } from "../nn/index.js";
import { sequenceModelKind } from "../nn/kinds.js";
import {
  type DType,
  fromArray,
  type Key,
  leaves,
  ShapeError,
  type Traceable,
  type Value,
} from "../tensor/index.js";
import { keyKind } from "../tensor/kinds.js";
import type { Backward } from "../unfold/index.js";
import { backwardKind } from "../unfold/kinds.js";
import { answerLoss } from "./answer-loss.js";
import { shareOf } from "./collective.js";
import type { Task } from "./task.js";

/** Training of a model on a synthetic problem. P: its parameters. */
export type SyntheticTask<P> = Task<P, SyntheticBatch, Readonly<Record<string, never>>>;

/** How a model is trained on a synthetic problem. */
export interface SyntheticTaskOptions {
  /** Of the sequences: another key gives others. */
  readonly key: Key;
  /** Sequences in a batch; 20 by default. */
  readonly batch?: number;
  /** The first so many of them give the curvature, where an optimiser takes that (`hessianFree`); all by default. */
  readonly curvature?: number;
  /** How the recurrence is differentiated; full by default. */
  readonly backward?: Backward;
}

/**
 * Training on sequences that are made on the way and never come twice. The loss is the mean over all scored rows: the cross-entropy
 * in nats, or the squared error (`answerLoss`).
 *
 * @param model a sequence model, or any sequence layer whose output is the answers
 * @throws ShapeError if the model's answers are not those of the problem
 * @throws RangeError if the batch is not a positive whole number
 * @example
 * const problem = temporalOrder({ length: 20 });
 * const model = pascanuRnn({ input: problem.input, output: problem.output });
 * const task = syntheticTask(model, problem, { key: Key.of(1) });
 * const optimiser = compose(clipByJointNorm(1), sgd({ learningRate: 0.01 }));
 * await train(task, startTraining(task, optimiser, model.init(Key.of(2))), {
 *   optimiser,
 *   budget: { steps: 10 },
 *   key: Key.of(3),
 * });
 */
export function syntheticTask<P, S>(
  model: SequenceLayer<P, S>,
  problem: SyntheticProblem,
  options: SyntheticTaskOptions,
): SyntheticTask<P> {
  checkAnswers("syntheticTask", model, problem);
  const {
    key,
    batch = 20,
    curvature,
    backward,
  } = checkSettings("syntheticTask", options, {
    key: keyKind,
    batch: optional(size),
    curvature: optional(size),
    backward: optional(backwardKind),
  });
  // The sequences of the batch that the curvature is taken from.
  if (curvature !== undefined) check("syntheticTask", "curvature", curvature, integerIn(1, batch));
  return {
    capturable: true,
    batch: (step) => problem.sample(key, step, batch),
    ...(curvature === undefined ? {} : { curvatureBatch: (step) => problem.sample(key, step, curvature) }),
    describe: (step) => `batch ${step} of ${problem.name}`,
    predictions: ({ scored }) => scored.length,
    carriedAtStart: () => ({}),
    share(of) {
      const { from, to } = shareOf(batch, of);
      return { batch: (step) => (from === to ? null : problem.sample(key, step, to - from, from)) };
    },
    loss(params, sequences, carried, forLayer) {
      const options = { key: forLayer, ...(backward ? { backward } : {}) };
      const outputs = answers(model, params, problem, sequences, options);
      return { loss: answerLoss(problem, outputs, sequences), carried };
    },
  };
}

/** @throws ShapeError if the model's answers are not those of the problem */
export function checkAnswers(
  what: string,
  model: { readonly features?: number | undefined },
  problem: SyntheticProblem,
): void {
  check(what, "model", model, sequenceModelKind);
  check(what, "problem", problem, problemKind);
  const { name, output } = problem;
  const { features } = model;
  if (features !== undefined && features !== output)
    throw new ShapeError(
      `${what}: the model gives ${features} features per answer, the problem ${name} has ${output}; make the model with output: ${output}`,
    );
}

/** The model's outputs at the scored rows of a batch, in the type of the parameters. */
export function answers<P, S>(
  model: SequenceLayer<P, S>,
  params: Traceable<P>,
  problem: SyntheticProblem,
  { x, structure, scored }: SyntheticBatch,
  options: { readonly key?: Key; readonly backward?: Backward } = {},
): Value {
  const inputs = fromArray(x, [structure.nodes, problem.input], typeOf(params));
  return model.apply(params, inputs, structure, { ...options, rows: scored }).output;
}

function typeOf(params: unknown): DType {
  return leaves(params).find((v) => v.dtype !== "int32")?.dtype ?? "float32";
}
