import { having, isRecord, kind, type RequiredKind } from "../check/index.js";
import { treeKind } from "../tensor/kinds.js";

/** A language model, as far as functions that take one need it. */
export const languageModelKind: RequiredKind = having(
  "a language model, made by languageModel({ vocabulary, features, hidden })",
  "init",
  "apply",
  "stream",
  "first",
);

/** A sequence model, as far as functions that take one need it. */
export const sequenceModelKind: RequiredKind = having(
  "a model of sequences, such as sequenceModel({ layer, features, output })",
  "init",
  "apply",
);

/** The parameters of a language model. */
export const languageModelParamsKind: RequiredKind = kind(
  "the parameters of a language model, made by its init",
  (given) =>
    isRecord(given) && ["embedding", "layers", "readout"].every((part) => treeKind.accepts(given[part])),
);
