import { check, checkSettings, count, optional } from "../check/index.js";
import { argmax } from "../ops/index.js";
import { formatShape, onCpu, ShapeError, type Value } from "../tensor/index.js";
import { valueKind } from "../tensor/kinds.js";
import type { Structure } from "../unfold/index.js";
import { structureKind } from "../unfold/kinds.js";

/**
 * Best-path decoding for connectionist temporal classification: the most probable class of each frame, repeats dropped, then blanks. That is the labelling
 * of the most probable alignment, which need not be the most probable labelling: that has the probability of all its alignments together.
 *
 * @param logits [frames, classes] in rows of the structure; log-probabilities or probabilities do as well
 * @param frames the structure: the nodes of a sequence are its frames
 * @param settings.blank the class that stands for no label; 0 by default
 * @returns the labels of each sequence
 * @throws ShapeError if the logits are not [frames, classes]; RangeError for a blank that is no class
 * @see Graves et al. (2006), "Connectionist temporal classification", section 3.2
 * @example
 * const logits = tensor([[0, 2, 0], [0, 2, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]]);
 * ctcBestPath(logits, chain([5])) // [[1, 1, 2]]
 */
export function ctcBestPath(
  logits: Value,
  frames: Structure,
  settings?: { readonly blank?: number },
): number[][] {
  check("ctcBestPath", "logits", logits, valueKind);
  check("ctcBestPath", "frames", frames, structureKind);
  const { blank = 0 } = checkSettings("ctcBestPath", settings, { blank: optional(count) });
  const classes = logits.shape[1] ?? 0;
  if (logits.rank !== 2 || logits.shape[0] !== frames.nodes)
    throw new ShapeError(
      `ctcBestPath: logits are ${formatShape(logits.shape)}, expected [${frames.nodes}, classes]: a row for each of the ${frames.nodes} frames`,
    );
  if (blank >= classes)
    throw new RangeError(
      `ctcBestPath: the blank is class ${blank} and the logits have ${classes} classes, 0 to ${classes - 1}: the blank is one of them`,
    );
  const best = Array.from(onCpu(frames.unpack(argmax(logits))).toArray());
  let end = 0;
  return frames.nodesPerSequence().map((n) => {
    end += n;
    return best.slice(end - n, end).filter((c, t, path) => c !== path[t - 1] && c !== blank);
  });
}
