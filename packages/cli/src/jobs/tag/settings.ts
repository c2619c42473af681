import { folderSettings, learningSettings, netSettings } from "../../example-jobs/index.js";
import { choice } from "../../settings/choice.js";
import { flag, integer, optional, orNone, text } from "../../settings/kinds.js";
import { setting, type Table, type ValuesOf } from "../../settings/setting.js";
import type { Kept } from "../../settings/training.js";

/** The settings of `longspan train tag`, in the order of the help. */
export const tagSettings = {
  ...netSettings({ hidden: 100, dropout: 0.3 }),
  bidirectional: setting(flag, {
    group: "model",
    help: "read sentences in both directions",
    default: true,
  }),
  features: setting(integer(1, 4096), { group: "model", help: "features per word", default: 64 }),
  characters: setting(orNone(integer(1, 1024)), {
    group: "model",
    help: "units of the net that reads the characters of each word; none: words are known as wholes only",
    default: 32,
  }),
  minCount: setting(integer(1), {
    group: "model",
    help: "how often a word has to occur to be known; others are told by their characters",
    default: 2,
    placeholder: "<times>",
  }),

  ...learningSettings("sentences"),
  format: setting(choice(["auto", "conllu", "conll", "jsonl"]), {
    group: "data",
    help: "what is in the file: CoNLL-U, columns of CoNLL, or JSON lines with tokens and tags; auto: by its name and its first lines",
    default: "auto",
  }),
  word: setting(text, {
    group: "data",
    help: "the column of the words, by name or number; auto: form, the first, or tokens",
    default: "auto",
    placeholder: "<column>",
  }),
  tag: setting(text, {
    group: "data",
    first: 5,
    help: "the column of the tags, by name or number; auto: upos, the last, or tags",
    default: "auto",
    placeholder: "<column>",
  }),
  validFile: setting(optional(text), {
    group: "data",
    first: 8,
    help: "a file whose sentences are held out, in place of a share of the others",
    default: null,
    placeholder: "<file>",
    conflictsWith: "valid",
  }),
  scheme: setting(choice(["auto", "none", "IOB1", "IOB2", "IOBES", "BILOU"]), {
    group: "data",
    help: "how the tags write spans, whose F1 is measured; auto: told by the tags",
    default: "auto",
  }),
  mode: setting(choice(["conll", "strict"]), {
    group: "data",
    help: "spans of tags that break the scheme: what can be made out counts (conll), or nothing (strict)",
    default: "conll",
  }),
  ...folderSettings("runs/NAME, after the file"),
} satisfies Table;

/** The settings that a run on tags keeps. */
export type TagSettings = Kept<ValuesOf<typeof tagSettings>>;
