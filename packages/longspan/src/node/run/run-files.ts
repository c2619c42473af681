/** The names of the files in the folder of a run. */
export const runFiles = {
  /** What was trained, with which settings. A folder with it holds a run. */
  config: "config.json",
  /** The symbols of a run on a text. */
  vocabulary: "vocabulary.json",
  /** The parameters that are kept: the best ones so far, or the last. */
  weights: "weights.safetensors",
  /** One event a line. */
  metrics: "metrics.jsonl",
  report: "report.html",
} as const;
