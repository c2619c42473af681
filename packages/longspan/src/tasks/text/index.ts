export { mostProbable, type NextSymbol } from "./most-probable.js";
export { type TextPrediction, type TextPredictorOptions, textPredictor } from "./text-predictor.js";
