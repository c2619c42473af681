import { check, checkSettings, integerIn, optional } from "../check/index.js";
import type { Segment, TextStreams } from "../data/index.js";
import { streamsKind } from "../data/kinds.js";
import {
  crossEntropyMean,
  type LanguageModelParams,
  type LanguageModelState,
  type PartialState,
  type SequenceLayer,
} from "../nn/index.js";
import { textModelKind } from "../nn/kinds.js";
import { concat, slice } from "../ops/index.js";
import { fromArray, mapTree, mapTrees, scope, type Traceable, zeros } from "../tensor/index.js";
import { type Backward, chain, type Structure } from "../unfold/index.js";
import { backwardKind } from "../unfold/kinds.js";
import { type Rank, shareOf } from "./collective.js";
import type { Task, TaskShare } from "./task.js";

/** How a language model is trained on a text. */
export interface TextTaskOptions {
  /** How each segment is differentiated; full by default. */
  readonly backward?: Backward;
  /** The first so many streams give the curvature, where an optimiser takes that (`hessianFree`); all by default. */
  readonly curvature?: number;
}

/** Training of a language model on the segments of a text. P: its parameters. S: its state. */
export type TextTask<P = LanguageModelParams, S = LanguageModelState> = Task<P, Segment, S>;

/**
 * Truncated back-propagation through time along a text: each step predicts the next symbols of one segment per stream, starting
 * from the state in which the segment before it ended. The state enters as data, so gradients reach back to the beginning of the
 * segment and no further. At the beginning of the streams, the state is zero.
 *
 * The loss is the mean cross-entropy, in nats per symbol.
 *
 * @param model a language model, or any sequence layer that reads symbols, int32 [nodes], and whose output is the logits of the next
 * @throws RangeError if the curvature is not to be taken from 1 to all streams
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 16, steps: 64 }));
 * task.batch(0).inputs.length; // 1024
 */
export function textTask<P, S>(
  model: SequenceLayer<P, S>,
  text: TextStreams,
  options?: TextTaskOptions,
): TextTask<P, S> {
  check("textTask", "model", model, textModelKind);
  check("textTask", "text", text, streamsKind);
  const { backward, curvature } = checkSettings("textTask", options, {
    backward: optional(backwardKind),
    // The streams that the curvature is taken from.
    curvature: optional(integerIn(1, text.streams)),
  });
  return {
    capturable: true,
    batch: (step) => text.segment(step),
    ...(curvature === undefined ? {} : { curvatureBatch: (step) => text.segment(step, curvature) }),
    describe: (step) => text.describe(step),
    predictions: ({ targets }) => targets.length,
    carriedAtStart: (params) => zeroState(model, params, text.streams),
    share: (of) => shareOfStreams(text, of),
    loss(params, { inputs, targets, structure, fresh }, carried, key) {
      const n = inputs.length;
      const { output, final } = model.apply(params, fromArray(inputs, [n], "int32"), structure, {
        key,
        ...(backward ? { backward } : {}),
        ...(fresh ? {} : { initial: ofFirst(carried, structure.sequences) }),
      });
      return {
        loss: crossEntropyMean(output, fromArray(targets, [n], "int32")),
        carried: final as Traceable<S>,
      };
    },
  };
}

/** Some of the streams, and their states. */
function shareOfStreams<S>(text: TextStreams, of: Rank): TaskShare<Segment, S> {
  const { streams } = text;
  if (streams < of.size)
    throw new RangeError(
      `textTask: ${streams} streams cannot be shared among ${of.size} ranks, which take one each at least; give more streams or start fewer ranks`,
    );
  const { from, to } = shareOf(streams, of);
  const many = to - from;
  const structures = new Map<number, Structure>();
  const structureOf = (steps: number) => {
    const structure = structures.get(steps) ?? chain(new Array<number>(many).fill(steps));
    structures.set(steps, structure);
    return structure;
  };
  const columns = (all: Int32Array, steps: number) =>
    Int32Array.from(
      { length: steps * many },
      (_, i) => all[Math.floor(i / many) * streams + from + (i % many)]!,
    );
  return {
    batch(step) {
      const { inputs, targets, fresh } = text.segment(step);
      const steps = inputs.length / streams;
      return {
        inputs: columns(inputs, steps),
        targets: columns(targets, steps),
        structure: structureOf(steps),
        fresh,
      };
    },
    carried: {
      // A stream has one row in a state, or, where the cell reads further back than one step, several.
      part: (whole) =>
        mapTree(whole, (v) => {
          const rows = v.shape[0]! / streams;
          return slice(v, 0, from * rows, to * rows);
        }),
      whole: ([first, ...others]) => mapTrees(first as S, others, (parts) => concat(parts, 0)),
    },
  };
}

/** The states of the first so many streams. */
function ofFirst<S>(state: S, streams: number): PartialState<S> {
  return mapTree(state, (v) => (v.shape[0] === streams ? v : slice(v, 0, 0, streams))) as PartialState<S>;
}

/** The state before the first symbol. */
function zeroState<P, S>(model: SequenceLayer<P, S>, params: P, sequences: number): S {
  // Sequences of length 0 hand their initial state on.
  const none = chain(Array.from({ length: sequences }, () => 0));
  return scope(() => model.apply(params as Traceable<P>, zeros([0], "int32"), none).final);
}
