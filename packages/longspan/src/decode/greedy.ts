import { check, checkSettings } from "../check/index.js";
import { type Decoded, limitKinds, limitsOf, type SequenceLimits } from "./allowed.js";
import { oneEach } from "./one-each.js";
import { type StepModel, stepModelKind } from "./step-model.js";

/**
 * The most probable symbol at each step, for each sequence of the batch. That is not the most probable sequence: for that, `beamSearch`.
 * Among equally probable symbols the one with the lower number is taken, but for the end, which comes last.
 *
 * @returns one per sequence
 * @throws RangeError if a limit is impossible, or nothing that is allowed has a probability
 * @example
 * const model = languageModel({ vocabulary: 5, features: 4, hidden: 8 });
 * const steps = languageSteps(model, model.init(Key.of(1)), { sequences: 2 });
 * greedy(steps, { end: 0, length: 10 }).length // 2
 */
export function greedy<S>(model: StepModel<S>, limits: SequenceLimits): Decoded[] {
  check("greedy", "model", model, stepModelKind);
  const settled = checkSettings("greedy", limits, limitKinds);
  return oneEach("greedy", model, limitsOf("greedy", settled, model), ({ logProbabilities, allowed }) =>
    allowed.reduce((best, symbol) => (logProbabilities[symbol]! > logProbabilities[best]! ? symbol : best)),
  );
}
