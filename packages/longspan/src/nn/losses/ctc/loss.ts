import { check, checkSettings, flag, type KindsOf, optional } from "../../../check/index.js";
import { concat, gather, less, logSoftmax, maximum, neg, reshape, sum, where } from "../../../ops/index.js";
import { formatShape, fromArray, ShapeError, type Value } from "../../../tensor/index.js";
import { valueKind } from "../../../tensor/kinds.js";
import { indexTensor, unfold } from "../../../unfold/index.js";
import { meanOverRows } from "../mean.js";
import { ctcCell, never } from "./cell.js";
import { type CtcTargets, ctcTargetsKind, indicesOf } from "./targets.js";

/** How a loss of connectionist temporal classification is taken. */
export interface CtcLossSettings {
  /**
   * Whether a sequence that cannot give its labels counts as 0 and not as Infinity: one with too few frames, or one whose logits
   * rule every alignment out. False by default. Neither has a gradient.
   */
  readonly ignoreImpossible?: boolean;
}

/**
 * The loss of connectionist temporal classification for each sequence: the negative log-likelihood of its labels, in nats, where which
 * frame says which label is not known. An alignment gives each frame a class; dropping repeats, then blanks, leaves the labels, and a label
 * sequence has the probability of all its alignments together:
 *
 *     L = - ln sum over alignments a of l, product over t of softmax(o(t))[a(t)]
 *
 * The sum is a recurrence over the lattice of frames and labels, in logarithms throughout. It is a cell of its own, unfolded over a graph
 * with a level per frame, so derivatives of any order come from the engine, by the same equations run backwards.
 *
 * No labels leave one alignment, blanks throughout. No frames and no labels have probability 1: a loss of 0. What no alignment gives has
 * probability 0: a loss of Infinity, without a gradient, or of 0 where `ignoreImpossible` is set. `targets.impossible` names sequences
 * that are too short.
 *
 * Not convex in the logits, so it marks no outputs for `gaussNewton`.
 *
 * @param logits o: unnormalised log-probabilities, [frames, classes] in the rows of the structure that `ctcTargets` was given; logarithms of
 * probabilities are such logits too. -Infinity excludes a class
 * @param targets the labels, as `ctcTargets` lays them out
 * @returns [sequences]
 * @throws ShapeError if the logits have other rows than the frames; RangeError if a label or the blank is none of their classes
 * @see Graves, Fernandez, Gomez, Schmidhuber (2006), "Connectionist temporal classification", equations 5 to 8
 * @example
 * const logits = tensor([[0.4, 0.6], [0.4, 0.6]].map((frame) => frame.map(Math.log)));
 * ctcLossPerSequence(logits, ctcTargets(chain([2]), [[1]])); // [-ln 0.84 = 0.1744]: 11, 1- and -1, not --
 */
export function ctcLossPerSequence(logits: Value, targets: CtcTargets, settings?: CtcLossSettings): Value {
  return perSequence("ctcLossPerSequence", logits, targets, settings);
}

/**
 * `ctcLossPerSequence`, summed over sequences, in nats.
 *
 * @param logits [frames, classes] @param targets as `ctcTargets` lays them out
 * @returns a scalar; Infinity if a sequence is impossible, unless `ignoreImpossible` is set
 * @throws as `ctcLossPerSequence`
 * @example ctcLossSum(zeros([2, 2]), ctcTargets(chain([2]), [[1]])) // -ln (3/4) = 0.2877
 */
export function ctcLossSum(logits: Value, targets: CtcTargets, settings?: CtcLossSettings): Value {
  return sum(perSequence("ctcLossSum", logits, targets, settings));
}

/**
 * `ctcLossPerSequence`, averaged over sequences, in nats per sequence. Sequences that are ignored count in the number by which the
 * sum is divided. (PyTorch's mean divides each sequence's loss by the number of its labels before; this one does not.)
 *
 * @param logits [frames, classes] @param targets as `ctcTargets` lays them out
 * @returns a scalar; Infinity if a sequence is impossible, unless `ignoreImpossible` is set
 * @throws as `ctcLossPerSequence`; ShapeError if there are no sequences
 * @example ctcLossMean(zeros([4, 2]), ctcTargets(chain([2, 2]), [[1], [1]])) // -ln (3/4) = 0.2877
 */
export function ctcLossMean(logits: Value, targets: CtcTargets, settings?: CtcLossSettings): Value {
  return meanOverRows("ctcLossMean", perSequence("ctcLossMean", logits, targets, settings));
}

const kinds: KindsOf<CtcLossSettings> = { ignoreImpossible: optional(flag) };

function perSequence(what: string, logits: Value, targets: CtcTargets, settings?: CtcLossSettings): Value {
  check(what, "logits", logits, valueKind);
  check(what, "targets", targets, ctcTargetsKind);
  const { ignoreImpossible = false } = checkSettings(what, settings, kinds);
  const { frames, lattice } = targets;
  const classes = checkLogits(what, logits, targets);
  const { dtype } = logits;
  const allowed = maximum(logSoftmax(logits), never);
  const table = concat([reshape(allowed, [frames.nodes * classes]), fromArray([0, never], [2], dtype)]);
  const at = indicesOf(targets, classes);
  const inputs = {
    blankHere: gather(table, indexTensor(at.blank)),
    labelHere: gather(table, indexTensor(at.label)),
    barred: fromArray(lattice.barred, [lattice.barred.length], dtype),
  };
  const nowhere = fromArray(new Float64Array(frames.sequences).fill(never), [frames.sequences], dtype);
  const { final } = unfold(ctcCell, {}, inputs, lattice.structure, {
    initial: { blank: nowhere, label: nowhere },
  });
  const impossible = less(final.blank, never / 2);
  return where(impossible, ignoreImpossible ? 0 : Number.POSITIVE_INFINITY, neg(final.blank));
}

/** @returns the number of classes */
function checkLogits(what: string, logits: Value, { frames, labels, blank }: CtcTargets): number {
  const classes = logits.shape[1];
  if (logits.rank !== 2 || classes === undefined || logits.shape[0] !== frames.nodes)
    throw new ShapeError(
      `${what}: logits are ${formatShape(logits.shape)}, expected [${frames.nodes}, classes]: a row for each of the ${frames.nodes} frames of the targets`,
    );
  if (blank >= classes)
    throw new RangeError(
      `${what}: the blank is class ${blank} and the logits have ${classes} classes, 0 to ${classes - 1}: the blank is one of them`,
    );
  labels.forEach((sequence, b) => {
    const k = sequence.findIndex((l) => l >= classes);
    if (k >= 0)
      throw new RangeError(
        `${what}: label ${sequence[k]} at labels[${b}][${k}] lies outside 0..${classes - 1}: the logits have ${classes} classes, the blank included`,
      );
  });
  return classes;
}
