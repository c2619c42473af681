import {
  type ClassifiedSequence,
  type ClassifyEncoding,
  classificationLearner,
  classifyRunModel,
  type Learner,
  type SequenceClassifierParams,
} from "longspan";
import { type ClassDetails, confusionHtml, confusionLines } from "../../example-jobs/confusion.js";
import type { ExampleKind } from "../../example-jobs/index.js";
import { readClassified } from "./read.js";
import { type ClassifySettings, classifySettings } from "./settings.js";

type Params = SequenceClassifierParams<unknown>;

/** Says which class sequences are of. */
export const classifyJob: ExampleKind<ClassifySettings, ClassifyEncoding, ClassifiedSequence, Params> = {
  task: "classify",
  settings: classifySettings,
  one: "sequence",
  lossUnit: "nats per sequence",
  measures: [
    { name: "accuracy", words: "accuracy", as: "share" },
    { name: "macroF1", words: "macro F1", as: "share" },
  ],
  read: readClassified,
  learner({ cell, hidden, layers, features, dropout, bidirectional, read, backward }, encoding, own) {
    const settings = { cell, hidden, layers, features, dropout, bidirectional, read };
    const learner = classificationLearner(classifyRunModel(settings, encoding, own), {
      backward: { kind: backward },
    });
    return withLabels(learner, encoding.labels);
  },
  detailLines: (details) => confusionLines(details as ClassDetails),
  sections: (details) => confusionHtml(details as ClassDetails),
};

/** A learner whose details name the classes. */
function withLabels(
  learner: Learner<ClassifiedSequence, Params>,
  labels: readonly string[],
): Learner<ClassifiedSequence, Params> {
  return {
    ...learner,
    async evaluate(params, examples, options) {
      const found = await learner.evaluate(params, examples, options);
      return found && { ...found, details: { labels, ...found.details } };
    },
  };
}
