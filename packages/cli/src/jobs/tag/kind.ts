import { exampleAbilities } from "../../example-jobs/index.js";
import type { JobKind } from "../job.js";
import { tagSettings } from "./settings.js";

/** Tags for the tokens of sentences: parts of speech, names. */
export const tag: JobKind = {
  name: "tag",
  summary: "Train a tagger: a tag for each token, such as parts of speech or names",
  description:
    "Train a tagger: a tag for each token, such as parts of speech or names\n\nIt reads CoNLL-U, columns of CoNLL, or JSON lines {tokens, tags}. Begin with --minutes and --hidden.",
  argument: {
    name: "file",
    help: "sentences with a tag for each token; with --resume, the run's own if not given",
    missing: "the file of sentences is missing",
  },
  settings: tagSettings,
  ...exampleAbilities(async () => (await import("./job.js")).tagJob),
  inputs: async () => (await import("./inputs.js")).readInputs,
};
