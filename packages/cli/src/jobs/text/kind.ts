import type { JobKind } from "../job.js";
import { trainTextBeginning, trainTextSettings } from "./settings.js";

/** Language models. */
export const text: JobKind = {
  name: "text",
  summary: "Train a language model on a text, or go on with one",
  description: `Train a language model on a text, or go on with one\n\n${trainTextBeginning}`,
  argument: {
    name: "path",
    help: "a text file in UTF-8; with --resume, the run's own text if not given",
    missing: "the path of a text is missing",
  },
  settings: trainTextSettings,
  train: async () => (await import("./job.js")).textJob,
  inspect: async () => (await import("./inspect.js")).textSubject,
  eval: async () => (await import("./eval.js")).evalRun,
  asks: ["length", "top"],
  sample: async () => (await import("./sample.js")).sampleRun,
};
