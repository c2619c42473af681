import {
  check,
  checkSettings,
  finitePositive,
  type KindsOf,
  kind,
  list,
  optional,
  type RequiredKind,
} from "../../check/index.js";
import { type DType, fromArray, type Tensor } from "../../tensor/index.js";
import { dtypeKind } from "../../tensor/kinds.js";
import type { Structure } from "../../unfold/index.js";
import { checkSteps } from "./check-steps.js";

/** A number of a step: t, from 1; tau, the length of its sequence; tau - t, how many steps follow. */
export type StepNumber = "time" | "length" | "remaining";

/** Settings of `stepNumbers`. */
export interface StepNumberSettings {
  /** What they are divided by, such as the longest length; 1 by default. */
  readonly scale?: number;
  /** float32 by default. */
  readonly dtype?: DType;
}

/**
 * Numbers of the steps as inputs of a model: the time t, the length tau, or what remains, tau - t. A model that is given tau or tau - t
 * says P(x | tau); with P(tau) of its own (`lengthDistribution`) that is P(tau) P(x | tau) (10.34).
 *
 * @param which the columns
 * @returns [nodes, columns]
 * @throws StructureError where there are no steps: trees and graphs
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3, equation 10.34, after Goodfellow et al. (2014)
 * @example stepNumbers(chain([2, 1]), ["time", "remaining"]) // [[1, 1], [1, 0], [2, 0]]: rows are time-major
 */
export function stepNumbers(
  structure: Structure,
  which: readonly StepNumber[],
  settings?: StepNumberSettings,
): Tensor {
  checkSteps("stepNumbers", structure);
  check("stepNumbers", "which", which, whichKind);
  const { scale = 1, dtype = "float32" } = checkSettings("stepNumbers", settings, kinds);
  const { positions, sequenceOf } = structure.parts;
  const lengths = new Int32Array(structure.sequences);
  for (const s of sequenceOf) lengths[s]! += 1;
  const numbers = new Float64Array(structure.nodes * which.length);
  positions.forEach((position, row) => {
    const [t, tau] = [position + 1, lengths[sequenceOf[row]!]!];
    const of = { time: t, length: tau, remaining: tau - t };
    for (const [column, name] of which.entries()) numbers[row * which.length + column] = of[name] / scale;
  });
  return fromArray(numbers, [structure.nodes, which.length], dtype);
}

const names: readonly unknown[] = ["time", "length", "remaining"] satisfies readonly StepNumber[];
const whichKind: RequiredKind = kind(
  "a list of time, length and remaining",
  (supplied) =>
    list.accepts(supplied) &&
    (supplied as unknown[]).length > 0 &&
    (supplied as unknown[]).every((name) => names.includes(name)),
);
const kinds: KindsOf<StepNumberSettings> = { scale: optional(finitePositive), dtype: optional(dtypeKind) };
