export * from "./balanced-weights.js";
export {
  type ClassificationBatch,
  type ClassificationOptions,
  type ClassificationScores,
  type ClassifiedSequence,
  type ClassifierOptions,
  type ClassPrediction,
  type ClassScores,
  classificationLearner,
  classificationScores,
  classificationTask,
  type EncodedSequence,
  type NumbersEncoding,
  type NumbersEncodingOptions,
  numbersEncoding,
  numbersIn,
  type SequenceClassifier,
  type SequenceClassifierConfig,
  type SequenceClassifierParams,
  type SequenceEncoding,
  type SequenceReading,
  scaledNumbers,
  sequenceClassifier,
  type TextEncoding,
  type TextEncodingOptions,
  type TextLevel,
  textEncoder,
  textEncoding,
} from "./classification/index.js";
export { type ExampleBatches, type ExampleBatchesConfig, exampleBatches } from "./example-batches.js";
export { type ExampleTask, type ExampleTaskOptions, exampleTask } from "./example-task.js";
export { forEachBatch } from "./for-each-batch.js";
export * from "./held-out-part.js";
export type { EvaluateExamplesOptions, Evaluation, FitOptions, Fitted, Learner } from "./learner.js";
export * from "./pairs/index.js";
export * from "./predictor.js";
export * from "./series/index.js";
export * from "./tagging/index.js";
export type { NextSymbol, TextPrediction, TextPredictorOptions } from "./text/index.js";
export {
  type ClassifiedTree,
  type TreeBatch,
  type TreeClassifier,
  type TreeClassifierConfig,
  type TreeClassifierOptions,
  type TreeClassifierParams,
  type TreeEncoding,
  type TreeTaskOptions,
  treeClassifier,
  treeEncoder,
  treeLearner,
  treeTask,
} from "./trees/index.js";
