export type { AttendedText } from "./attended.js";
export {
  type PairsBatch,
  type PairsDetails,
  type PairsOptions,
  pairsLearner,
  pairsTask,
} from "./pairs-learner.js";
export {
  type PairsModel,
  type PairsModelConfig,
  type PairsParams,
  type PairsParts,
  pairsModel,
} from "./pairs-model.js";
export * from "./pairs-predictor.js";
export * from "./pairs-scores.js";
export {
  type PairLevel,
  type PairsVocabulary,
  type PairsVocabularyOptions,
  pairsVocabulary,
  type SideNumbers,
  type SideVocabulary,
  type TextPair,
} from "./pairs-vocabulary.js";
