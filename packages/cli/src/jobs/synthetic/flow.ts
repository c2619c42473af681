import {
  crossEntropyMean,
  fromArray,
  type Key,
  meanSquaredErrorMean,
  type SequenceLayer,
  type SyntheticBatch,
  type SyntheticProblem,
} from "longspan";
import { FlowWatch, watchedSequences } from "../../flow-watch.js";
import type { LastLoss } from "../../measure-flow.js";

/** Watches a model on sequences of its problem, the same at each look. */
export function watchOnProblem<P, S>(
  model: SequenceLayer<P, S>,
  problem: SyntheticProblem,
  key: Key,
): FlowWatch<P> {
  return new FlowWatch(syntheticLoss(model, problem, problem.sample(key, 0, watchedSequences)));
}

/** The loss of the last answer of a model on sequences of a synthetic problem: the cross-entropy in nats, or the squared error. */
export function syntheticLoss<P, S>(
  model: SequenceLayer<P, S>,
  { input, answer }: SyntheticProblem,
  { x, structure, scored, targets }: SyntheticBatch,
): LastLoss<P> {
  const { nodes, sequences } = structure;
  const last = Int32Array.from({ length: sequences }, (_, s) => structure.rowsOf(s).at(-1)!);
  const right = Array.from(last, (row) => targets[scored.indexOf(row)]!);
  return (params) => {
    const { output: z } = model.apply(params, fromArray(x, [nodes, input]), structure, { rows: last });
    return answer === "class"
      ? crossEntropyMean(z, fromArray(right, [sequences], "int32"))
      : meanSquaredErrorMean(z, fromArray(right, [sequences, 1]));
  };
}
