export {
  type ClassificationBatch,
  type ClassificationOptions,
  type ClassifiedSequence,
  classificationLearner,
  classificationTask,
} from "./classification-learner.js";
export * from "./classification-scores.js";
export * from "./sequence-classifier.js";
