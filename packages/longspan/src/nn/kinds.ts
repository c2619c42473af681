import { having, type RequiredKind } from "../check/index.js";

/** A language model, as far as functions that take one need it. */
export const languageModelKind: RequiredKind = having(
  "a language model, made by languageModel({ vocabulary, features, hidden })",
  "init",
  "apply",
  "stream",
  "first",
);

/** A model whose logits at each symbol are those of the next. */
export const textModelKind: RequiredKind = having(
  "a sequence layer that reads symbols and gives logits, such as languageModel({ vocabulary, features, hidden })",
  "init",
  "apply",
);

/** A sequence model, as far as functions that take one need it. */
export const sequenceModelKind: RequiredKind = having(
  "a model of sequences, such as sequenceModel({ layer, features, output })",
  "init",
  "apply",
);
