import {
  answerLoss,
  fromArray,
  type Key,
  type SequenceLayer,
  type SyntheticBatch,
  type SyntheticProblem,
} from "longspan";
import { FlowWatch, watchedSequences } from "../../flow-watch.js";
import type { LastLoss } from "../../measure-flow.js";
import type { Subject } from "../job.js";

/** Watches a model on sequences of its problem, the same at each look. */
export function watchOnProblem<P, S>(
  model: SequenceLayer<P, S>,
  problem: SyntheticProblem,
  key: Key,
): FlowWatch<P> {
  return new FlowWatch(syntheticLoss(model, problem, problem.sample(key, 0, watchedSequences)));
}

/** The loss of the last answer of a model on sequences of a synthetic problem, as `answerLoss` gives it. */
export function syntheticLoss<P, S>(
  model: SequenceLayer<P, S>,
  problem: SyntheticProblem,
  { x, structure, scored, targets }: SyntheticBatch,
): LastLoss<P> {
  const { nodes, sequences, parts } = structure;
  // The last scored row of a sequence comes last among them.
  const nth = new Int32Array(sequences);
  for (const [i, row] of scored.entries()) nth[parts.sequenceOf[row]!] = i;
  const rows = nth.map((i) => scored[i]!);
  const size = targets.length / scored.length;
  const right = new Float32Array(sequences * size);
  for (const [s, i] of nth.entries()) right.set(targets.subarray(i * size, (i + 1) * size), s * size);
  return (params) => {
    const inputs = fromArray(x, [nodes, problem.input]);
    const { output } = model.apply(params, inputs, structure, { rows });
    return answerLoss(problem, output, { targets: right });
  };
}

/** The loss of all answers on sequences of a synthetic problem, and the steps at which they are asked for. */
export function syntheticAnswers<P, S>(
  model: SequenceLayer<P, S>,
  problem: SyntheticProblem,
  batch: SyntheticBatch,
): Subject<P>["answers"] {
  const { x, structure, scored } = batch;
  const asked = new Set(scored);
  return {
    loss(params) {
      const inputs = fromArray(x, [structure.nodes, problem.input]);
      return answerLoss(problem, model.apply(params, inputs, structure, { rows: scored }).output, batch);
    },
    steps: Array.from({ length: structure.sequences }, (_, s) =>
      Array.from(structure.rowsOf(s)).flatMap((row, t) => (asked.has(row) ? [t] : [])),
    ),
  };
}
