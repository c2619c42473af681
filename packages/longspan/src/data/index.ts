export { characterVocabulary, UnknownSymbolError } from "./character-vocabulary.js";
export * from "./pairs.js";
export * from "./series/index.js";
export * from "./stored-vocabulary.js";
export * from "./stories/index.js";
export * from "./streams.js";
export type { SubwordCodec } from "./subword-vocabulary.js";
export * from "./synthetic/index.js";
export { type TokenVocabularyOptions, tokenVocabulary } from "./token-vocabulary.js";
export * from "./trees/index.js";
export { decodeUtf8, decodeUtf8Parts, Utf8Error } from "./utf8.js";
export {
  countUnknown,
  type EncodeOptions,
  type SymbolNumbers,
  type Vocabulary,
  type VocabularyLevel,
} from "./vocabulary.js";
export { type WordVocabularyOptions, wordVocabulary } from "./word-vocabulary.js";
export { wholeWords } from "./words.js";
