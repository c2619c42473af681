import {
  crossEntropyMean,
  fromArray,
  type Segment,
  type SequenceLayer,
  type SymbolNumbers,
  slice,
  textStreams,
} from "longspan";
import { Failure } from "../../failure.js";
import { FlowWatch, watchedSequences } from "../../flow-watch.js";
import type { LastLoss } from "../../measure-flow.js";
import { whole } from "../../run-lines.js";
import type { Subject } from "../job.js";
import type { TextSettings } from "./config.js";
import { unitOf } from "./levels.js";

/** Least steps of a text that are looked at. */
const leastSteps = 100;

/**
 * Watches a language model on segments of the held-out text.
 * @throws Failure if it has no segment to read
 */
export function watchOnText<P, S>(
  model: SequenceLayer<P, S>,
  heldOut: SymbolNumbers,
  { seq, level }: Pick<TextSettings, "seq" | "level">,
): FlowWatch<P> {
  const steps = Math.max(leastSteps, seq);
  const sequences = Math.min(watchedSequences, Math.floor((heldOut.length - 1) / steps));
  if (sequences < 1)
    throw new Failure(
      `--watch-flow reads ${whole(steps + 1)} ${unitOf[level]}s of the held-out text, which has ${whole(heldOut.length)}; use a longer text or a greater --valid`,
    );
  return new FlowWatch(textLoss(model, segmentsOf(heldOut, { sequences, steps })));
}

/**
 * Segments of a text, spread evenly over it.
 * @throws TextTooShortError if the text has fewer than sequences x steps + 1 symbols
 */
export function segmentsOf(
  symbols: SymbolNumbers,
  { sequences, steps }: { readonly sequences: number; readonly steps: number },
): Segment {
  return textStreams(symbols, { streams: sequences, steps }).segment(0);
}

/** The loss of the last prediction of a language model on segments which it reads from a state of zero. */
export function textLoss<P, S>(
  model: SequenceLayer<P, S>,
  { inputs, targets, structure }: Segment,
): LastLoss<P> {
  const { nodes, sequences } = structure;
  const last = nodes - sequences;
  return (params) => {
    const { output } = model.apply(params, fromArray(inputs, [nodes], "int32"), structure);
    const target = fromArray(targets.subarray(last), [sequences], "int32");
    return crossEntropyMean(slice(output, 0, last, nodes), target);
  };
}

/** The loss of all predictions on segments, and their steps: all. */
export function textAnswers<P, S>(
  model: SequenceLayer<P, S>,
  { inputs, targets, structure }: Segment,
): Subject<P>["answers"] {
  const { nodes, sequences } = structure;
  return {
    loss(params) {
      const { output } = model.apply(params, fromArray(inputs, [nodes], "int32"), structure);
      return crossEntropyMean(output, fromArray(targets, [nodes], "int32"));
    },
    steps: Array.from({ length: sequences }, (_, s) => Array.from(structure.rowsOf(s).keys())),
  };
}
