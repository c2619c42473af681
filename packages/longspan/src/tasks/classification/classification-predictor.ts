import { fromArray, leaves, scope, type Tensor, type Traceable } from "../../tensor/index.js";
import { forEachBatch } from "../for-each-batch.js";
import type { Predictor } from "../predictor.js";
import { argmaxOf, softmaxOf } from "./argmax-of.js";
import { type ClassifiedSequence, packSequences } from "./classification-learner.js";
import type { SequenceClassifier } from "./sequence-classifier.js";
import {
  type EncodedSequence,
  inputInWords,
  type SequenceEncoding,
  sequenceReader,
} from "./sequence-encoding.js";

/** What a run on classes says of an input. */
export interface ClassPrediction {
  readonly label: string;
  /** Of that label. */
  readonly probability: number;
  /** Of all labels; of the five most probable where there are more than twenty. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Labels up to which all probabilities are given. */
const most = 20;

/** Says which class sequences are of. */
export function classPredictor<P>(
  model: SequenceClassifier<P>,
  params: P,
  { labels, input }: { readonly labels: readonly string[]; readonly input: SequenceEncoding },
): Predictor<EncodedSequence> {
  return {
    input: inputInWords(input),
    format: input.kind === "text" ? "lines" : "jsonl",
    read: sequenceReader(input),
    async predict(inputs) {
      const answers = new Array<ClassPrediction>(inputs.length);
      await forEachBatch(
        inputs,
        ({ steps }) => steps,
        undefined,
        async (some, numbers) => {
          const examples = some.map((sequence): ClassifiedSequence => ({ ...sequence, label: 0 }));
          const { x, structure } = packSequences(examples, model.input, null);
          const shape = model.input === null ? [structure.nodes] : [structure.nodes, model.input];
          const dtype = model.input === null ? "int32" : (leaves(params)[0]?.dtype ?? "float32");
          const logits = scope(
            () => model.apply(params as Traceable<P>, fromArray(x, shape, dtype), structure) as Tensor,
          );
          const rows = await logits.data();
          logits.dispose();
          for (const [k, i] of numbers.entries()) answers[i] = predictionOf(rows, k * labels.length, labels);
        },
      );
      return answers;
    },
  };
}

/** What logits say of an input. */
export function predictionOf(
  logits: ArrayLike<number>,
  offset: number,
  labels: readonly string[],
): ClassPrediction {
  const shares = softmaxOf(logits, offset, labels.length);
  const best = argmaxOf(logits, offset, labels.length);
  const all = Array.from(shares.keys());
  const shown = labels.length > most ? all.sort((a, b) => shares[b]! - shares[a]! || a - b).slice(0, 5) : all;
  return {
    label: labels[best]!,
    probability: shares[best]!,
    probabilities: Object.fromEntries(shown.map((i) => [labels[i]!, shares[i]!])),
  };
}
