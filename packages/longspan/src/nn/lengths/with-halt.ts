import { check } from "../../check/index.js";
import { add, concat, reshape, slice } from "../../ops/index.js";
import {
  type DType,
  formatShape,
  fromArray,
  onCpu,
  ShapeError,
  type Tensor,
  type Value,
} from "../../tensor/index.js";
import { dtypeKind, valueKind } from "../../tensor/kinds.js";
import type { Structure } from "../../unfold/index.js";
import { bernoulliOutput } from "../outputs/bernoulli-output.js";
import { type OutputDistribution, outputKind } from "../outputs/output-distribution.js";
import { checkSteps } from "./check-steps.js";

/**
 * Outputs that also say whether a sequence ends here: a Bernoulli output beside those of any real-valued distribution. The first of the
 * outputs is the logit z(t) of halting, and the first number of a target is 1 at the last step of a sequence and 0 before.
 *
 *     P(x(1), ..., x(tau), tau) = product over t of P(x(t) | ...)  product over t < tau of (1 - sigmoid(z(t)))  sigmoid(z(tau))
 *
 * With `fedBack`, what is fed back has the number in front, too: a free run has ended where it is first 1 (`haltedLengths`). Symbols
 * need none of this: they have an end symbol.
 *
 * @throws TypeError for a distribution of symbols
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3: an extra Bernoulli output; Graves (2013), section 4, for pen strokes
 * @example
 * const stroke = withHalt(mixtureOutput({ components: 20, features: 2, correlated: true }));
 * const structure = chain([3, 2]);
 * const y = concat([haltTargets(structure), zeros([5, 2])]); // targets [5, 3]
 * stroke.lossPerRow(zeros([5, stroke.outputs]), y).shape // [ 5 ]
 */
export function withHalt(output: OutputDistribution): OutputDistribution {
  check("withHalt", "output", output, outputKind);
  if ("dtype" in output.target && output.target.dtype === "int32")
    throw new TypeError(
      "withHalt: output is a distribution of symbols; let one of them be the end, as `end` in decoding, instead of a halt",
    );
  const halt = bernoulliOutput({ features: 1 });
  const first = (rows: Value) => slice(rows, -1, 0, 1);
  const rest = (rows: Value) => slice(rows, -1, 1, rows.shape.at(-1)!);
  const both = (of: "mean" | "mode") => (outputs: Value) =>
    concat([halt[of](first(outputs)), output[of](rest(outputs))]);
  return {
    outputs: 1 + output.outputs,
    target: [1 + output.features],
    features: 1 + output.features,
    uniforms: 1 + output.uniforms,
    smooth: output.smooth,
    lossPerRow: (outputs, targets) =>
      add(halt.lossPerRow(first(outputs), first(targets)), output.lossPerRow(rest(outputs), rest(targets))),
    encode: (targets) => targets,
    mean: both("mean"),
    mode: both("mode"),
    sample: (outputs, uniform) =>
      concat([halt.sample(first(outputs), first(uniform)), output.sample(rest(outputs), rest(uniform))]),
  };
}

/**
 * The targets of halting: 1 at the last step of each sequence, 0 before, [nodes, 1].
 *
 * @throws StructureError where there are no steps: trees and graphs
 * @example haltTargets(chain([2, 1])) // [[0], [1], [1]]: rows are time-major
 */
export function haltTargets(structure: Structure, dtype: DType = "float32"): Tensor {
  checkSteps("haltTargets", structure);
  check("haltTargets", "dtype", dtype, dtypeKind);
  const targets = new Float64Array(structure.nodes);
  for (let s = 0; s < structure.sequences; s++) {
    const last = structure.rowsOf(s).at(-1);
    if (last !== undefined) targets[last] = 1;
  }
  return fromArray(targets, [structure.nodes, 1], dtype);
}

/**
 * How long each sequence of a free run is: up to the first step at which it halts, that one included, or all of it.
 *
 * @param supplied what was fed back at each step, [nodes, 1 + features]: the state `feedback` of a `fedBack` cell over an output `withHalt`
 * @throws ShapeError if there is not one row per node
 * @example haltedLengths(tensor([[0, 5], [1, 6], [0, 7]]), chain([3])) // [ 2 ]
 */
export function haltedLengths(supplied: Value, structure: Structure): number[] {
  check("haltedLengths", "given", supplied, valueKind);
  checkSteps("haltedLengths", structure);
  if (supplied.rank !== 2 || supplied.shape[0] !== structure.nodes || supplied.shape[1]! < 1)
    throw new ShapeError(
      `haltedLengths: given is ${formatShape(supplied.shape)}, expected [${structure.nodes}, 1 + features]: a row per node`,
    );
  const halts = onCpu(reshape(slice(supplied, -1, 0, 1), [-1])).toArray();
  return Array.from({ length: structure.sequences }, (_, s) => {
    const rows = structure.rowsOf(s);
    const at = rows.findIndex((row) => halts[row] === 1);
    return at < 0 ? rows.length : at + 1;
  });
}
