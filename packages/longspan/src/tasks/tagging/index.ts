export * from "./sequence-tagger.js";
export { spanSchemeOf } from "./span-scheme.js";
export {
  type SpanScores,
  spanScores,
  type TagScores,
  type TypeScores,
  tagScores,
} from "./span-scores.js";
export { type Span, type SpanMode, type SpanOptions, type SpanScheme, spansOf } from "./spans.js";
export { type TaggingBatch, type TaggingOptions, taggingLearner, taggingTask } from "./tagging-learner.js";
export * from "./tagging-predictor.js";
export {
  type TaggedSentence,
  type TaggingNumbers,
  type TaggingVocabulary,
  type TaggingVocabularyOptions,
  taggingVocabulary,
} from "./tagging-vocabulary.js";
