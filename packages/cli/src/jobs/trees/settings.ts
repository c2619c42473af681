import { treeRunCells } from "longspan";
import { folderSettings, learningSettings, netSettings } from "../../example-jobs/index.js";
import { flag, integer, orNone, text } from "../../settings/kinds.js";
import { setting, type Table, type ValuesOf } from "../../settings/setting.js";
import type { Kept } from "../../settings/training.js";

const { layers: _one, ...net } = netSettings({
  cells: treeRunCells,
  cell: "binary-tree-lstm",
  hidden: 64,
  dropout: 0,
});

/** The settings of `longspan train trees`, in the order of the help. */
export const treesSettings = {
  ...net,
  features: setting(integer(1, 4096), { group: "model", help: "features per word", default: 32 }),
  minCount: setting(integer(1), {
    group: "model",
    help: "a word that occurs less often is unknown",
    default: 1,
    placeholder: "<n>",
  }),

  ...learningSettings("trees"),
  label: setting(text, {
    group: "data",
    help: "JSONL: the column of the class of the root",
    default: "label",
    placeholder: "<column>",
  }),
  weight: setting(orNone(text), {
    group: "data",
    help: "JSONL: the column that says how much a tree counts",
    default: null,
    placeholder: "<column>",
  }),
  balance: setting(flag, {
    group: "data",
    help: "the classes of the roots count the same, however many trees they have",
    default: false,
  }),

  ...folderSettings("runs/NAME, after the file"),
} satisfies Table;

/** The settings that a run keeps. */
export type TreesSettings = Kept<ValuesOf<typeof treesSettings>>;
