export { characterVocabulary, UnknownSymbolError } from "./character-vocabulary.js";
export * from "./pairs.js";
export * from "./stored-vocabulary.js";
export * from "./streams.js";
export * from "./synthetic/index.js";
export { decodeUtf8, decodeUtf8Parts, Utf8Error } from "./utf8.js";
export { countUnknown, type EncodeOptions, type SymbolNumbers, type Vocabulary } from "./vocabulary.js";
export { type WordVocabularyOptions, wordVocabulary } from "./word-vocabulary.js";
export { wholeWords } from "./words.js";
