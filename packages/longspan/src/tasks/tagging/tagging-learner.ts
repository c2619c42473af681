import {
  check,
  checkSettings,
  isRecord,
  type KindsOf,
  kind,
  list,
  oneOf,
  optional,
  orNull,
} from "../../check/index.js";
import { crossEntropyPerRow } from "../../nn/index.js";
import { mean, mul } from "../../ops/index.js";
import { fromArray, scope, type Tensor, type Traceable } from "../../tensor/index.js";
import type { Backward } from "../../unfold/index.js";
import { backwardKind } from "../../unfold/kinds.js";
import { argmaxOf } from "../classification/argmax-of.js";
import { type ExampleTask, type ExampleTaskOptions, exampleTask, exampleTaskKinds } from "../example-task.js";
import { forEachBatch } from "../for-each-batch.js";
import type { Learner } from "../learner.js";
import { packTokens } from "./pack-tokens.js";
import type { PackedTokens, SequenceTagger, SequenceTaggerParams } from "./sequence-tagger.js";
import { spanScores, tagScores } from "./span-scores.js";
import type { SpanMode, SpanScheme } from "./spans.js";
import type { TaggedSentence } from "./tagging-vocabulary.js";

/** Sentences and their tags, packed. */
export interface TaggingBatch extends PackedTokens {
  /** Of the tags, in the rows of the structure. */
  readonly tags: Int32Array;
  /** Of each row; null where all count the same. */
  readonly weights: Float64Array | null;
}

/** How a tagger learns, and is measured. */
export interface TaggingOptions {
  /** How the tags write spans, whose F1 is measured then; null, and by default, they are no spans. */
  readonly scheme?: SpanScheme | null;
  /** Which spans are read where tags do not keep to the scheme; `conll` by default. */
  readonly mode?: SpanMode;
  /** How the recurrence is differentiated; full by default. */
  readonly backward?: Backward;
}

/**
 * What a tagger learns from sentences: the cross-entropy, in nats per token. Its evaluation measures `accuracy`, of tokens, and with a scheme the
 * `precision`, `recall` and `f1` of spans; `details` are the `tagScores`, or the `spanScores`.
 *
 * A tag that the vocabulary lacks, as other data may have it, is never right and left out of the loss.
 *
 * @example
 * const sentences = [{ tokens: ["the", "sea"], tags: ["DET", "NOUN"] }];
 * const vocabulary = taggingVocabulary(sentences, { minCount: 1 });
 * const layer = (input: number) => recurrent(gru({ input, hidden: 8 })) as AnySequenceLayer;
 * const learner = taggingLearner(sequenceTagger({ vocabulary, features: 4, layer }));
 * const found = await learner.evaluate(learner.init(Key.of(1)), sentences);
 * found?.measures.accuracy; // 0, 0.5 or 1
 */
export function taggingLearner(
  model: SequenceTagger,
  options?: TaggingOptions,
): Learner<TaggedSentence, SequenceTaggerParams, TaggingBatch> {
  check("taggingLearner", "model", model, taggerKind);
  const { scheme = null, mode = "conll", backward } = checkSettings("taggingLearner", options, optionKinds);
  const { vocabulary, numbers } = model;
  const pack = (sentences: readonly TaggedSentence[], weights: Float64Array | null): TaggingBatch => {
    const packed = packTokens(
      model,
      sentences.map(({ tokens }) => tokens),
    );
    const { order, sequenceOf } = packed.structure.parts;
    const flat = sentences.flatMap(({ tags }) => tags);
    return {
      ...packed,
      tags: Int32Array.from(order, (at) => numbers.tag(flat[at]!)),
      weights: weights && Float64Array.from(sequenceOf, (s) => weights[s]!),
    };
  };
  return {
    init: (key, dtype) => model.init(key, dtype),
    sizeOf: ({ tokens }) => tokens.length,
    pack,
    predictions: ({ tags }) => tags.length,
    loss(params, batch, key) {
      const { tags, weights } = batch;
      const logits = model.apply(params, batch, { key, ...(backward ? { backward } : {}) });
      const losses = crossEntropyPerRow(logits, fromArray(tags, [tags.length], "int32"));
      return mean(weights ? mul(losses, fromArray(weights, [weights.length], losses.dtype)) : losses);
    },
    async evaluate(params, sentences, settings) {
      const found = new Array<string[]>(sentences.length);
      let [nats, known] = [0, 0];
      const isComplete = await forEachBatch(
        sentences,
        ({ tokens }) => tokens.length,
        settings,
        async (some, positions) => {
          const batch = pack(some, null);
          const { structure, tags } = batch;
          const logits = scope(() => model.apply(params as Traceable<SequenceTaggerParams>, batch) as Tensor);
          const rows = await logits.data();
          logits.dispose();
          const count = vocabulary.tags.length;
          const answers = new Array<string>(structure.nodes);
          for (const [row, at] of structure.parts.order.entries()) {
            answers[at] = vocabulary.tags[argmaxOf(rows, row * count, count)]!;
            if (tags[row]! < 0) continue;
            nats += surpriseOf(rows, row * count, count, tags[row]!);
            known += 1;
          }
          let begin = 0;
          for (const [k, i] of positions.entries()) {
            const end = begin + some[k]!.tokens.length;
            found[i] = answers.slice(begin, end);
            begin = end;
          }
        },
      );
      if (!isComplete) return null;
      const wanted = sentences.map(({ tags }) => tags);
      const scores = tagScores(found, wanted);
      const spans = scheme && spanScores(found, wanted, { scheme, mode });
      return {
        loss: nats / known,
        examples: sentences.length,
        measures: {
          ...(spans ? { f1: spans.f1, precision: spans.precision, recall: spans.recall } : {}),
          accuracy: scores.accuracy,
        },
        details: spans ?? scores,
      };
    },
  };
}

/**
 * Training of a tagger on sentences: `exampleTask` of its `taggingLearner`.
 *
 * @example
 * const sentences = [{ tokens: ["the", "sea"], tags: ["DET", "NOUN"] }, { tokens: ["sea"], tags: ["NOUN"] }];
 * const vocabulary = taggingVocabulary(sentences, { minCount: 1 });
 * const layer = (input: number) => recurrent(gru({ input, hidden: 8 })) as AnySequenceLayer;
 * const model = sequenceTagger({ vocabulary, features: 4, layer });
 * const task = taggingTask(model, sentences, { key: Key.of(1), batch: 2 });
 * const optimiser = adam({ learningRate: 0.01 });
 * await train(task, startTraining(task, optimiser, model.init(Key.of(2))), { optimiser, budget: { steps: 4 }, key: Key.of(3) });
 */
export function taggingTask(
  model: SequenceTagger,
  sentences: readonly TaggedSentence[],
  options: ExampleTaskOptions & Pick<TaggingOptions, "backward">,
): ExampleTask<SequenceTaggerParams, TaggingBatch> {
  check("taggingTask", "model", model, taggerKind);
  check("taggingTask", "sentences", sentences, list);
  const { backward, ...others } = checkSettings("taggingTask", options, {
    ...exampleTaskKinds,
    backward: optional(backwardKind),
  });
  return exampleTask(taggingLearner(model, backward ? { backward } : {}), sentences, others);
}

/** -ln softmax of one of some logits. */
function surpriseOf(logits: ArrayLike<number>, offset: number, count: number, right: number): number {
  const most = logits[offset + argmaxOf(logits, offset, count)]!;
  let total = 0;
  for (let i = 0; i < count; i++) total += Math.exp(logits[offset + i]! - most);
  return Math.log(total) - (logits[offset + right]! - most);
}

export const taggerKind = kind(
  "a tagger, made by sequenceTagger({ vocabulary, features, layer })",
  (value) => isRecord(value) && typeof value.apply === "function" && isRecord(value.vocabulary),
);
const optionKinds: KindsOf<TaggingOptions> = {
  scheme: optional(orNull(oneOf("IOB1", "IOB2", "IOBES", "BILOU"))),
  mode: optional(oneOf("conll", "strict")),
  backward: optional(backwardKind),
};
