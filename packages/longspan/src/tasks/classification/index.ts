export {
  type ClassificationBatch,
  type ClassificationOptions,
  type ClassifiedSequence,
  classificationLearner,
  classificationTask,
} from "./classification-learner.js";
export { type ClassPrediction, classPredictor } from "./classification-predictor.js";
export * from "./classification-scores.js";
export * from "./sequence-classifier.js";
export {
  type EncodedSequence,
  inputInWords,
  type NumbersEncoding,
  type NumbersEncodingOptions,
  numbersEncoding,
  numbersIn,
  type SequenceEncoding,
  scaledNumbers,
  symbolsOf,
  type TextEncoding,
  type TextEncodingOptions,
  type TextLevel,
  textEncoder,
  textEncoding,
} from "./sequence-encoding.js";
