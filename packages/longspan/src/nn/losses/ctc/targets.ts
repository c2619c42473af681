import { check, checkSettings, count, kind, list, listOf, optional } from "../../../check/index.js";
import type { Structure } from "../../../unfold/index.js";
import { structureKind } from "../../../unfold/kinds.js";
import { framesNeeded, type Lattice, layOutLattice } from "./lattice.js";

/**
 * What `ctcTargets` lays out, for the losses of connectionist temporal classification.
 * @example ctcTargets(chain([3]), [[1, 2]]).impossible // []: three frames have room for two labels
 */
export class CtcTargets {
  /** @internal */
  constructor(
    /** The frames of the sequences. */
    readonly frames: Structure,
    /** Per sequence, its labels. */
    readonly labels: readonly (readonly number[])[],
    /** The class that stands for no label. */
    readonly blank: number,
    /** Sequences that no alignment fits: they have fewer frames than labels and the blanks between a label and itself. */
    readonly impossible: readonly number[],
    /** @internal */
    readonly lattice: Lattice,
  ) {}
}

/**
 * Labels of sequences of frames as targets of a loss of connectionist temporal classification: the lattice of all alignments of each sequence's
 * labels with its frames is laid out, once, for as many losses and derivatives as are wanted.
 *
 * The cost is frames x labels of each sequence, nothing padded.
 *
 * @param frames what the logits were made over, such as `chain([100, 80])`: the nodes of a sequence are its frames
 * @param labels per sequence its labels, of any number, none included; each the number of a class, and not the blank
 * @param settings.blank the class that stands for no label; 0 by default
 * @throws RangeError for a number of label sequences other than that of sequences, and for a label that is the blank
 * @example
 * const targets = ctcTargets(chain([4, 1]), [[1, 2], [1, 1]]);
 * targets.impossible // [1]: two equal labels take three frames
 */
export function ctcTargets(
  frames: Structure,
  labels: readonly (readonly number[])[],
  settings?: { readonly blank?: number },
): CtcTargets {
  check("ctcTargets", "frames", frames, structureKind);
  check("ctcTargets", "labels", labels, listOf(list, "a list of lists of labels, one per sequence"));
  const { blank = 0 } = checkSettings("ctcTargets", settings, { blank: optional(count) });
  if (labels.length !== frames.sequences)
    throw new RangeError(
      `ctcTargets: labels of ${labels.length} sequences for frames of ${frames.sequences}; a sequence without labels has an empty list`,
    );
  labels.forEach((sequence, b) => {
    check("ctcTargets", `labels[${b}]`, sequence, listOfLabels);
    const k = sequence.indexOf(blank);
    if (k >= 0)
      throw new RangeError(
        `ctcTargets: labels[${b}][${k}] is ${blank}, which is the blank; labels are other classes, so number them from 1, or name another blank`,
      );
  });
  const rows = frameRows(frames);
  const impossible = labels.flatMap((l, b) => (framesNeeded(l) > rows[b]!.length ? [b] : []));
  return new CtcTargets(frames, labels, blank, impossible, layOutLattice(rows, labels));
}

/** Per sequence, the rows of its nodes in the order in which they were given: its frames. */
function frameRows({ nodes, sequences, parts: { sequenceOf, order } }: Structure): number[][] {
  const inOrder = new Int32Array(nodes);
  order.forEach((position, row) => {
    inOrder[position] = row;
  });
  const rows = Array.from({ length: sequences }, (): number[] => []);
  for (const row of inOrder) rows[sequenceOf[row]!]!.push(row);
  return rows;
}

const listOfLabels = listOf(count, "a list of labels, numbers of classes");

/** What a loss of connectionist temporal classification is given. */
export const ctcTargetsKind = kind("targets, made by ctcTargets()", (value) => value instanceof CtcTargets);

const indices = new WeakMap<CtcTargets, Map<number, Indices>>();

/** Per node of a lattice, where its two log-probabilities stand. */
export interface Indices {
  readonly blank: Int32Array;
  readonly label: Int32Array;
}

/** Where the log-probabilities of nodes stand in those of all frames, row by row, behind which come ln 1 and ln 0. */
export function indicesOf(targets: CtcTargets, classes: number): Indices {
  const byClasses = indices.get(targets) ?? new Map<number, Indices>();
  indices.set(targets, byClasses);
  let known = byClasses.get(classes);
  if (known === undefined) {
    const { frame, label } = targets.lattice;
    const certain = targets.frames.nodes * classes;
    known = {
      blank: frame.map((row) => (row < 0 ? certain : row * classes + targets.blank)),
      label: label.map((l, n) => (l < 0 ? certain + 1 : frame[n]! * classes + l)),
    };
    byClasses.set(classes, known);
  }
  return known;
}
