import { exampleAbilities } from "../../example-jobs/index.js";
import type { JobKind } from "../job.js";
import { pairsSettings } from "./settings.js";

/** Texts that are made of texts: translation, spelling, dates. */
export const pairs: JobKind = {
  name: "pairs",
  summary: "Train on pairs of texts, to make the second of the first: translations, spellings, dates",
  description:
    "Train on pairs of texts, to make the second of the first: translations, spellings, dates\n\nIt reads columns between tabs, tables, JSON lines {source, target}, or two parallel files (--target). Begin with --minutes, --hidden and --level.",
  argument: {
    name: "file",
    help: "pairs of texts, or the sources of them; with --resume, the run's own if not given",
    missing: "the file of pairs is missing",
  },
  settings: pairsSettings,
  ...exampleAbilities(async () => (await import("./job.js")).pairsJob),
};
