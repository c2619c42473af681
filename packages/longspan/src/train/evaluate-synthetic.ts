import {
  check,
  checkSettings,
  func,
  type KindsOf,
  optional,
  signal as signalKind,
  size,
} from "../check/index.js";
import { answerUnits, type SyntheticProblem } from "../data/index.js";
import type { SequenceLayer } from "../nn/index.js";
import { type Key, scope, type Tensor, type Traceable } from "../tensor/index.js";
import { keyKind, treeKind } from "../tensor/kinds.js";
import { answerLoss } from "./answer-loss.js";
import { type Pause, pacer } from "./pace.js";
import { answers, checkAnswers } from "./synthetic-task.js";

/** How a model is evaluated on a synthetic problem. */
export interface EvaluateSyntheticOptions {
  /** Of the sequences. Fresh ones need a key that training does not use. */
  readonly key: Key;
  /** How many; 10,000 by default. */
  readonly sequences?: number;
  /** Sequences at a time, which bounds the memory; by default as many as have about 50,000 steps together, at most 1,000. */
  readonly batch?: number;
  /** Evaluation ends early once this says so, such as an `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean };
  /** Gives way to the event loop, every 50 ms. */
  readonly pause?: Pause;
}

/** What an evaluation gives. */
export interface SyntheticEvaluation {
  /** Sequences answered wrongly, as the problem defines it. */
  readonly wrong: number;
  /** Sequences looked at. */
  readonly sequences: number;
  /** Mean loss over all scored rows. */
  readonly loss: number;
  /** Cross-entropy of a whole sequence, summed over its scored rows, in bits: the mean over sequences. Null where answers are numbers. */
  readonly bitsPerSequence: number | null;
  /** Of answers that are bits: how many are wrong, in a sequence, in the mean. Null where answers are not bits. */
  readonly wrongBitsPerSequence: number | null;
  /** Whether all sequences were looked at: false if the signal came. */
  readonly complete: boolean;
}

/**
 * How many fresh sequences of a problem a model answers wrongly. Nothing is dropped.
 *
 * @throws ShapeError if the model's answers are not those of the problem
 * @throws RangeError if there are no sequences to look at
 * @example
 * const problem = temporalOrder({ length: 20 });
 * const model = pascanuRnn({ input: 6, output: 4 });
 * const key = Key.of(1);
 * const { wrong, sequences } = await evaluateSynthetic(model, model.init(Key.of(2)), problem, { key, sequences: 100 });
 * wrong / sequences; // about 3/4 before training
 */
export async function evaluateSynthetic<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  problem: SyntheticProblem,
  options: EvaluateSyntheticOptions,
): Promise<SyntheticEvaluation> {
  checkAnswers("evaluateSynthetic", model, problem);
  check("evaluateSynthetic", "params", params, treeKind);
  const {
    key,
    sequences = 10_000,
    batch,
    signal,
    pause,
  } = checkSettings("evaluateSynthetic", options, kinds);
  const together = batch ?? Math.max(1, Math.min(1000, Math.floor(50_000 / problem.steps)));
  const rest = pacer(pause);
  const { answer } = problem;
  let [wrong, wrongBits, seen, scoredRows, total] = [0, 0, 0, 0, 0];
  for (let k = 0; seen < sequences && !signal?.aborted; k++) {
    const count = Math.min(together, sequences - seen);
    const sample = problem.sample(key, k, count);
    const { outputs, loss } = scope(() => {
      const outputs = answers(model, params as Traceable<P>, problem, sample) as Tensor;
      return { outputs, loss: answerLoss(problem, outputs, sample) as Tensor };
    });
    try {
      const [values, [mean]] = await Promise.all([outputs.data(), loss.data()]);
      wrong += problem.wrong(values, sample);
      if (answer === "bits") wrongBits += differing(values, sample.targets);
      total += mean! * sample.scored.length;
    } finally {
      outputs.dispose();
      loss.dispose();
    }
    scoredRows += sample.scored.length;
    seen += count;
    await rest();
  }
  return {
    wrong,
    sequences: seen,
    loss: total / scoredRows,
    bitsPerSequence: answerUnits[answer] === "nats" ? total / (seen * Math.LN2) : null,
    wrongBitsPerSequence: answer === "bits" ? wrongBits / seen : null,
    complete: seen === sequences,
  };
}

/** How many logits lie on the wrong side of 0; those that are not numbers do. */
function differing(logits: ArrayLike<number>, bits: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) if (!(bits[i] === 1 ? logits[i]! > 0 : logits[i]! <= 0)) count += 1;
  return count;
}

const kinds: KindsOf<EvaluateSyntheticOptions> = {
  key: keyKind,
  sequences: optional(size),
  batch: optional(size),
  signal: optional(signalKind),
  pause: optional(func),
};
