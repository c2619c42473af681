import { check, checkSettings, count, type KindsOf, optional, size } from "../check/index.js";
import { formatShape, onCpu, ShapeError, type Value } from "../tensor/index.js";
import { valueKind } from "../tensor/kinds.js";
import { Best } from "./best.js";

/** How labels are searched for. */
export interface CtcBeamSearchSettings {
  /** The label that stands for none; 0 by default. */
  readonly blank?: number;
  /** Prefixes that are followed at a time; 25 by default. */
  readonly width?: number;
  /** How many label sequences are given back; 1 by default. */
  readonly best?: number;
}

/** A label sequence that was found. */
export interface Labelling {
  readonly labels: number[];
  /** ln P(labels | frames) in nats, over the alignments that the beam saw: never above that over all. */
  readonly logProbability: number;
}

/**
 * Prefix beam search for connectionist temporal classification: the most probable label sequences, where a label sequence has the
 * probability of all its alignments together. An alignment has one label or blank per frame; dropping repeats, then blanks, leaves the
 * labels. For each prefix two sums are carried on, over alignments that end in a blank and in a label:
 *
 *     blank(l, t)     = p(blank, t) (blank(l, t-1) + label(l, t-1))
 *     label(l, t)     = p(last(l), t) label(l, t-1)
 *                     + p(last(l), t) (blank(l', t-1) + label(l', t-1) if last(l) != last(l') else blank(l', t-1)),
 *
 * with l' the prefix l without its last label. All in logarithms. With a width of as many as there are prefixes it is exact.
 *
 * The cost is frames x width x classes additions.
 *
 * @param logProbabilities natural logarithms of the labels' probabilities in each frame of one sequence, [frames, classes]
 * @returns the best first
 * @throws ShapeError if the log-probabilities are not [frames, classes]; RangeError for a blank that is no class, or NaN
 * @see Graves et al. (2006), "Connectionist temporal classification"; Hannun et al. (2014), "First-pass large vocabulary continuous
 * speech recognition using bi-directional recurrent DNNs", algorithm 1
 * @example
 * const frames = tensor([[0.4, 0.6], [0.4, 0.6]].map((row) => row.map(Math.log)));
 * ctcBeamSearch(frames)[0]!; // labels [1], ln 0.84: three of the four alignments
 */
export function ctcBeamSearch(logProbabilities: Value, settings?: CtcBeamSearchSettings): Labelling[] {
  check("ctcBeamSearch", "logProbabilities", logProbabilities, valueKind);
  const { blank = 0, width = 25, best = 1 } = checkSettings("ctcBeamSearch", settings, kinds);
  const classes = logProbabilities.shape[1] ?? 0;
  if (logProbabilities.rank !== 2)
    throw new ShapeError(
      `ctcBeamSearch: logProbabilities are ${formatShape(logProbabilities.shape)}, expected [frames, classes], of one sequence`,
    );
  if (blank >= classes)
    throw new RangeError(`ctcBeamSearch: blank is ${blank}; classes run from 0 to ${classes - 1}`);
  const p = onCpu(logProbabilities).toArray();
  if (p.some(Number.isNaN)) throw new RangeError("ctcBeamSearch: a log-probability is NaN");
  const root: Prefix = { parent: null, label: -1, next: new Map(), blank: 0, labelled: none, total: 0 };
  let live = [root];
  for (let at = 0; at < p.length; at += classes) {
    const grown = new Map<Prefix, { blank: number; labelled: number }>();
    const sums = (prefix: Prefix) => {
      const known = grown.get(prefix) ?? { blank: none, labelled: none };
      grown.set(prefix, known);
      return known;
    };
    for (const prefix of live) {
      const own = sums(prefix);
      own.blank = addLogs(own.blank, p[at + blank]! + prefix.total);
      for (let label = 0; label < classes; label++) {
        const chance = p[at + label]!;
        if (label === blank || chance === none) continue;
        const repeats = label === prefix.label;
        if (repeats) own.labelled = addLogs(own.labelled, chance + prefix.labelled);
        const before = repeats ? prefix.blank : prefix.total;
        if (before === none) continue;
        const longer = sums(longerBy(prefix, label));
        longer.labelled = addLogs(longer.labelled, chance + before);
      }
    }
    const kept = new Best<Prefix>(width, ({ total }) => total);
    for (const [prefix, { blank, labelled }] of grown) {
      Object.assign(prefix, { blank, labelled, total: addLogs(blank, labelled) });
      kept.offer(prefix);
    }
    live = kept.items;
  }
  return live.slice(0, best).map((prefix) => ({ labels: labelsOf(prefix), logProbability: prefix.total }));
}

const none = Number.NEGATIVE_INFINITY;

const kinds: KindsOf<CtcBeamSearchSettings> = {
  blank: optional(count),
  width: optional(size),
  best: optional(size),
};

/** A prefix: one node of the tree of all that were reached, so that each is one object. */
interface Prefix {
  readonly parent: Prefix | null;
  readonly label: number;
  readonly next: Map<number, Prefix>;
  /** ln of the sum over alignments that end in a blank, in a label, and in either. */
  blank: number;
  labelled: number;
  total: number;
}

function longerBy(parent: Prefix, label: number): Prefix {
  const known = parent.next.get(label);
  if (known) return known;
  const made: Prefix = { parent, label, next: new Map(), blank: none, labelled: none, total: none };
  parent.next.set(label, made);
  return made;
}

function labelsOf(prefix: Prefix): number[] {
  const labels: number[] = [];
  for (let at = prefix; at.parent !== null; at = at.parent) labels.push(at.label);
  return labels.reverse();
}

/** ln(e^a + e^b). */
function addLogs(a: number, b: number): number {
  if (a === none) return b;
  if (b === none) return a;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}
