/** The names of the files in the folder of a run. */
export const runFiles = {
  /** What was trained, with which settings. A folder with it holds a run. */
  config: "config.json",
  /** What puts inputs into numbers and answers into words: the symbols of a run on a text, the names of classes, the scales of columns. */
  vocabulary: "vocabulary.json",
  /** The module that a cell of the user's own comes from. */
  cell: "cell.mjs",
  /** The parameters that are kept: the best ones so far, or the last. */
  weights: "weights.safetensors",
  /** One event a line. */
  metrics: "metrics.jsonl",
  report: "report.html",
  /** What `longspan inspect` leaves: a page, and its pictures. */
  flow: "flow.html",
  flowLags: "flow-lags.png",
  flowHeat: "flow-heat.png",
  flowSpectrum: "flow-spectrum.png",
  flowGates: "flow-gates.png",
  flowTimes: "flow-times.png",
  flowPowers: "flow-powers.png",
  flowCurvature: "flow-curvature.png",
  /** The same of the memory of a model that has one: a page, and its first picture. */
  memory: "memory.html",
  memoryPicture: "memory.png",
} as const;

/** A file of a run, by the name that `runFiles` gives it. */
export type RunFile = keyof typeof runFiles;
