import { check, checkSettings, optional, size } from "../../check/index.js";
import { Key } from "../../tensor/index.js";
import { problemKind } from "../kinds.js";
import type { SyntheticBatch, SyntheticProblem } from "./problem.js";

/** Settings of `centred`. */
export interface CentredOptions {
  /** Sequences that the means are taken of: at least 1; 1,000 by default. */
  readonly sequences?: number;
}

/** Sequences at a time: where a problem has several lengths, each batch has one of them. */
const together = 20;

/**
 * A problem with the means of its inputs, and of its answers where they are numbers, taken away.
 *
 *     x(t) <- x(t) - mean of x over steps and sequences,   y <- y - mean of y
 *
 * One mean per feature, the same for all steps; of one-hot inputs it is how often each symbol comes. The means are taken of sequences
 * with a key of their own, so they are the same for every use of a problem. The loss of the best constant does not change, nor does
 * which answers are wrong.
 *
 * Sutskever et al. (2013) found this necessary to solve the problems with long dependencies reliably by momentum: a mean that is not
 * 0 pushes the units of a net with recurrent weights at the edge of stability in one direction, step after step.
 *
 * @throws RangeError if the number of sequences is not a positive whole number
 * @see Sutskever, Martens, Dahl, Hinton (2013), section 4
 * @example
 * const problem = centred(adding({ length: 80 }));
 * problem.sample(Key.of(1), 0, 100).targets // numbers around 0 in place of 1/2
 */
export function centred(problem: SyntheticProblem, options?: CentredOptions): SyntheticProblem {
  check("centred", "problem", problem, problemKind);
  const { sequences = 1000 } = checkSettings("centred", options, { sequences: optional(size) });
  const { x: meanOfX, target } = means(problem, sequences);
  const shifted = (numbers: ArrayLike<number>, by: number) => Float32Array.from(numbers, (y) => y + by);
  return {
    ...problem,
    sample(key, number, count, first = 0) {
      const batch = problem.sample(key, number, count, first);
      const x = batch.x.map((v, i) => v - meanOfX[i % meanOfX.length]!);
      return { ...batch, x, targets: target === null ? batch.targets : shifted(batch.targets, -target) };
    },
    wrong(outputs, batch) {
      if (target === null) return problem.wrong(outputs, batch);
      return problem.wrong(shifted(outputs, target), { ...batch, targets: shifted(batch.targets, target) });
    },
  };
}

/** The mean of each feature, and of the answers if they are numbers. */
function means(problem: SyntheticProblem, sequences: number): { x: Float64Array; target: number | null } {
  const { input, answer } = problem;
  const x = new Float64Array(input);
  let [nodes, sum, scored] = [0, 0, 0];
  for (let seen = 0; seen < sequences; seen += together) {
    const count = Math.min(together, sequences - seen);
    const batch: SyntheticBatch = problem.sample(Key.of(2013), seen / together, count);
    for (const [i, v] of batch.x.entries()) x[i % input]! += v;
    for (const y of batch.targets) sum += y;
    nodes += batch.structure.nodes;
    scored += batch.targets.length;
  }
  return { x: x.map((v) => v / nodes), target: answer === "number" ? sum / scored : null };
}
