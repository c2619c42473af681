import {
  check,
  checkSettings,
  flag,
  having,
  iterable,
  kind,
  optional,
  type RequiredKind,
  text,
} from "../check/index.js";

/** A text in numbers. */
export const symbolsKind: RequiredKind = kind(
  "a text in numbers, an Int32Array such as vocabulary.encode gives",
  (value) => value instanceof Int32Array || value instanceof Uint16Array || value instanceof Uint8Array,
);

/** A text, whole or in parts. */
export const textOrParts: RequiredKind = kind(
  "a text, or a list of its parts",
  (value) => text.accepts(value) || iterable.accepts(value),
);

/** Checks what `encode` is given. @returns whether symbols that the vocabulary lacks are left out */
export function checkEncode(
  value: unknown,
  options: { readonly skipUnknown?: boolean } | undefined,
): boolean {
  check("vocabulary.encode", "text", value, text);
  return checkSettings("vocabulary.encode", options, { skipUnknown: optional(flag) }).skipUnknown ?? false;
}

/** What gives texts numbers. */
export const vocabularyKind: RequiredKind = having(
  "a vocabulary, such as characterVocabulary(text)",
  "encode",
  "decode",
);

/** A text read by several streams at once. */
export const streamsKind: RequiredKind = having(
  "streams, made by textStreams(symbols, { streams, steps })",
  "segment",
  "describe",
);

/** A synthetic problem. */
export const problemKind: RequiredKind = having(
  "a problem, such as adding({ length: 50 })",
  "sample",
  "wrong",
);
