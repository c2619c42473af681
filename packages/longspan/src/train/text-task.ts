import type { Segment, TextStreams } from "../data/index.js";
import {
  crossEntropyMean,
  type LanguageModel,
  type LanguageModelParams,
  type LanguageModelState,
} from "../nn/index.js";
import { fromArray, scope, zeros } from "../tensor/index.js";
import { type Backward, chain } from "../unfold/index.js";
import { pure } from "./pure.js";
import type { Task } from "./task.js";

/** Training of a language model on the segments of a text. */
export type TextTask = Task<LanguageModelParams, Segment, LanguageModelState>;

/**
 * Truncated back-propagation through time along a text: each step predicts the next symbols of one segment per stream, starting
 * from the state in which the segment before it ended. The state enters as data, so gradients reach back to the beginning of the
 * segment and no further. At the beginning of the streams, the state is zero.
 *
 * The loss is the mean cross-entropy, in nats per symbol.
 *
 * @param options.backward how each segment is differentiated; full unless given
 * @example
 * const model = languageModel({ vocabulary: 65, embed: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 16, steps: 64 }));
 * task.batch(0).inputs.length; // 1024
 */
export function textTask(
  model: LanguageModel,
  text: TextStreams,
  { backward }: { backward?: Backward } = {},
): TextTask {
  return {
    batch: (step) => text.segment(step),
    describe: (step) => text.describe(step),
    predictions: ({ targets }) => targets.length,
    carriedAtStart: (params) => zeroState(model, params, text.streams),
    loss: pure<TextTask["loss"]>((params, { inputs, targets, structure, fresh }, carried, key) => {
      const n = inputs.length;
      const { logits, final } = model.apply(params, fromArray(inputs, [n], "int32"), structure, {
        key,
        ...(backward ? { backward } : {}),
        ...(fresh ? {} : { initial: carried }),
      });
      return { loss: crossEntropyMean(logits, fromArray(targets, [n], "int32")), carried: final };
    }),
  };
}

/** The state before the first symbol. */
function zeroState(model: LanguageModel, params: LanguageModelParams, sequences: number): LanguageModelState {
  // Sequences of length 0 hand their initial state on.
  return scope(
    () => model.apply(params, zeros([0], "int32"), chain(Array.from({ length: sequences }, () => 0))).final,
  );
}
