import { folderSettings, learningSettings, netSettings } from "../../example-jobs/index.js";
import { choice } from "../../settings/choice.js";
import { flag, integer, optional, orNone, text } from "../../settings/kinds.js";
import { setting, type Table, type ValuesOf } from "../../settings/setting.js";
import type { Kept } from "../../settings/training.js";

/** The settings of `longspan train classify`, in the order of the help. */
export const classifySettings = {
  ...netSettings(),
  bidirectional: setting(flag, {
    group: "model",
    help: "read each sequence in both directions",
    default: false,
  }),
  read: setting(choice(["mean", "last"]), {
    group: "model",
    help: "what the answer is made of: the mean over the steps, or the last step",
    default: "mean",
  }),
  level: setting(choice(["char", "word", "byte"]), {
    group: "model",
    first: 5,
    help: "what texts are cut into",
    default: "char",
  }),
  features: setting(integer(1, 4096), {
    group: "model",
    help: "features per character, word or byte",
    default: 32,
  }),
  vocabulary: setting(integer(2), {
    group: "model",
    help: "word level: how many words are kept, the most frequent ones",
    default: 10_000,
    needs: { setting: "level", oneOf: ["word"] },
  }),

  ...learningSettings("sequences"),
  input: setting(optional(text), {
    group: "data",
    help: "the column of the texts, or of the lists of numbers",
    default: null,
    defaultText: "text, or values; if there is neither, each other column is a step",
    placeholder: "<column>",
  }),
  label: setting(text, {
    group: "data",
    first: 1,
    help: "the column of the classes",
    default: "label",
    placeholder: "<column>",
  }),
  id: setting(orNone(text), {
    group: "data",
    help: "the column that says which sequence a row is a step of, in a table with a row per step",
    default: null,
    placeholder: "<column>",
  }),
  weight: setting(orNone(text), {
    group: "data",
    help: "the column that says how much an example counts",
    default: null,
    placeholder: "<column>",
  }),
  balance: setting(flag, {
    group: "data",
    help: "all classes count the same, however many examples they have",
    default: false,
  }),

  ...folderSettings("runs/NAME, after the file or the folder"),
} satisfies Table;

/** The settings that a run keeps. */
export type ClassifySettings = Kept<ValuesOf<typeof classifySettings>>;
