import { exampleAbilities } from "../../src/example-jobs/abilities.js";
import { folderSettings, learningSettings, netSettings } from "../../src/example-jobs/index.js";
import type { JobKind } from "../../src/jobs/job.js";
import type { Table, ValuesOf } from "../../src/settings/setting.js";
import type { Kept } from "../../src/settings/training.js";

/** The settings of `longspan train sums`, in the order of the help. */
export const sumsSettings = {
  ...netSettings({ cell: "gru", hidden: 16, dropout: 0 }),
  ...learningSettings("lists"),
  ...folderSettings("runs/NAME, after the file"),
} satisfies Table;

export type SumsSettings = Kept<ValuesOf<typeof sumsSettings>>;

export const sums: JobKind = {
  name: "sums",
  summary: "Train a net that adds up",
  description: "Train a net that adds up, or go on with one\n\nReads JSONL with the columns values and sum.",
  argument: { name: "data", help: "a JSONL file", missing: "the path of the data is missing" },
  settings: sumsSettings,
  ...exampleAbilities(async () => (await import("./job.js")).sumsJob),
  opens: async () => (await import("./job.js")).sumsRun,
};
