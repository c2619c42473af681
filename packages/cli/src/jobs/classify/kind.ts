import { exampleAbilities } from "../../example-jobs/abilities.js";
import type { JobKind } from "../job.js";
import { classifySettings } from "./settings.js";

/** Texts, or sequences of numbers, to classes. */
export const classify: JobKind = {
  name: "classify",
  summary: "Train a net that says which class a text, or a sequence of numbers, is of",
  description:
    "Train a net that says which class a text, or a sequence of numbers, is of, or go on with one\n\nReads CSV, TSV, JSONL or Parquet with a column `label`, a .ts file, or a folder with a folder for each class. Begin with --minutes and --hidden.",
  argument: {
    name: "data",
    help: "a table, a .ts file, or a folder; with --resume, the run's own if not given",
    missing: "the path of the data is missing",
  },
  settings: classifySettings,
  ...exampleAbilities(async () => (await import("./job.js")).classifyJob),
  inputs: async () => (await import("./inputs.js")).classifyInputs,
};
