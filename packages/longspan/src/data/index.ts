export { characterVocabulary, UnknownSymbolError } from "./character-vocabulary.js";
export * from "./stored-vocabulary.js";
export * from "./streams.js";
export * from "./synthetic/index.js";
export { decodeUtf8, Utf8Error } from "./utf8.js";
export { countUnknown, type Vocabulary } from "./vocabulary.js";
export { type WordVocabularyOptions, wordVocabulary } from "./word-vocabulary.js";
