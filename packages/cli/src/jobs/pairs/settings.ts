import { folderSettings, learningSettings, netSettings } from "../../example-jobs/index.js";
import { choice } from "../../settings/choice.js";
import { flag, integer, optional, text } from "../../settings/kinds.js";
import { setting, type Table, type ValuesOf } from "../../settings/setting.js";
import type { Kept } from "../../settings/training.js";

const levels = ["char", "word", "token"] as const;

/** The settings of `longspan train pairs`, in the order of the help. */
export const pairsSettings = {
  ...netSettings({ cell: "gru", hidden: 128, dropout: 0.1 }),
  level: setting(choice(levels), {
    group: "model",
    first: 5,
    help: "what sources are read in: characters, words and signs, or what stands between white space",
    default: "char",
  }),
  targetLevel: setting(choice(levels), {
    group: "model",
    first: 6,
    help: "the same of targets",
    default: { on: "level", values: { word: "word", token: "token" }, otherwise: "char" },
    defaultText: "as --level",
  }),
  minCount: setting(integer(1), {
    group: "model",
    help: "how often a word or token has to occur to be known",
    default: 1,
    placeholder: "<times>",
  }),
  features: setting(integer(1, 4096), { group: "model", help: "features per symbol", default: 64 }),
  attention: setting(flag, {
    group: "model",
    help: "look at all of the source while the target is written",
    default: true,
  }),

  ...learningSettings("pairs", { batch: 64 }),
  target: setting(optional(text), {
    group: "data",
    first: 9,
    help: "a file whose lines are the targets of the lines of the first one",
    default: null,
    placeholder: "<file>",
  }),
  sourceColumn: setting(text, {
    group: "data",
    help: "the column of the sources, by number from 1 or by name; auto: the first, or source",
    default: "auto",
    placeholder: "<column>",
  }),
  targetColumn: setting(text, {
    group: "data",
    help: "the column of the targets; auto: the second, or target",
    default: "auto",
    placeholder: "<column>",
  }),
  written: setting(integer(1), {
    group: "data",
    help: "sources that a validation has written, at most",
    default: 200,
    placeholder: "<n>",
  }),
  ...folderSettings("runs/NAME, after the file"),
} satisfies Table;

/** The settings that a run on pairs keeps. */
export type PairsSettings = Kept<ValuesOf<typeof pairsSettings>>;
