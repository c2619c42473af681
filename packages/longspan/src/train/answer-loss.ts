import { check, isRecord, kind, numbers } from "../check/index.js";
import type { AnswerKind, SyntheticBatch, SyntheticProblem } from "../data/index.js";
import { problemKind } from "../data/kinds.js";
import { bernoulliCrossEntropyMean, crossEntropyMean, meanSquaredErrorMean } from "../nn/index.js";
import { fromArray, type Value } from "../tensor/index.js";
import { valueKind } from "../tensor/kinds.js";

/** The mean loss of outputs [n, output] against the answers of n rows, for each kind of answer. */
const losses: Readonly<Record<AnswerKind, (outputs: Value, targets: SyntheticBatch["targets"]) => Value>> = {
  class: (outputs, targets) => crossEntropyMean(outputs, fromArray(targets, [targets.length], "int32")),
  number: (outputs, targets) =>
    meanSquaredErrorMean(outputs, fromArray(targets, [targets.length, 1], outputs.dtype)),
  bits: (outputs, targets) =>
    bernoulliCrossEntropyMean(outputs, fromArray(targets, [...outputs.shape], outputs.dtype)),
};

/**
 * The loss of outputs at the scored rows of a synthetic problem: the mean over the rows of the cross-entropy in nats, that of bits summed
 * over the bits of an answer, or of the squared error.
 *
 * @param outputs [scored, output], logits where the answer is a class or bits
 * @param batch its targets, those of as many rows
 * @returns a scalar
 * @throws ShapeError if outputs and targets do not fit
 * @example
 * const problem = adding({ length: 20 });
 * const batch = problem.sample(Key.of(1), 0, 5);
 * answerLoss(problem, zeros([5, 1]), batch) // about 1/4 + 1/24
 */
export function answerLoss(
  problem: Pick<SyntheticProblem, "answer" | "sample" | "wrong">,
  outputs: Value,
  batch: Pick<SyntheticBatch, "targets">,
): Value {
  check("answerLoss", "problem", problem, problemKind);
  check("answerLoss", "outputs", outputs, valueKind);
  check("answerLoss", "batch", batch, batchKind);
  return losses[problem.answer](outputs, batch.targets);
}

const batchKind = kind(
  "a batch, such as problem.sample gives",
  (value) => isRecord(value) && numbers.accepts(value.targets),
);
