import { exampleAbilities } from "../../example-jobs/abilities.js";
import type { JobKind } from "../job.js";
import { treesSettings } from "./settings.js";

/** Trees whose nodes have classes. */
export const trees: JobKind = {
  name: "trees",
  summary: "Train a net that says which class a tree, and each of its nodes, is of",
  description:
    "Train a net that says which class a tree, and each of its nodes, is of, or go on with one\n\nReads trees in brackets with a label at each node, (3 (2 It) (4 works)); lines of a class, a tab and a tree without labels; or JSONL with the columns tree and label. Begin with --minutes and --hidden.",
  argument: {
    name: "data",
    help: "a file of trees; with --resume, the run's own if not given",
    missing: "the path of a file of trees is missing",
  },
  settings: treesSettings,
  ...exampleAbilities(async () => (await import("./job.js")).treesJob),
};
