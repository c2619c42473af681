export * from "./streams.js";
export { decodeUtf8, Utf8Error } from "./utf8.js";
export * from "./vocabulary.js";
