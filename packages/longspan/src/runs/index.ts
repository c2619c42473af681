export {
  cellKind,
  isOwnCell,
  type LayerSizes,
  memoryRunCells,
  type OwnCellMaker,
  runCells,
  treeRunCells,
} from "./cell-names.js";
export {
  type ClassifyEncoding,
  type ClassifyModelSettings,
  classifyRunModel,
  type OpenedClassifyRun,
} from "./classify-run.js";
export * from "./configuration.js";
export * from "./decode-run.js";
export { packModel, unpackModel } from "./model-file.js";
export { type OpenedPairsRun, type PairsModelSettings, pairsRunModel } from "./pairs-run.js";
export * from "./run-error.js";
export * from "./run-files.js";
export type { DrawnModel, OpenedRun, OpenOptions, RunEncoding, RunKind } from "./run-kind.js";
export { type RunLayersConfig, runLayers } from "./run-layers.js";
export * from "./run-source.js";
export * from "./run-steps.js";
export type { StepAnswerOptions, StreamReading, StreamTalk } from "./run-talk.js";
export { openModel, type RunToSave, saveModel } from "./save-model.js";
export {
  type OpenedSeriesRun,
  type SeriesEncoding,
  type SeriesModel,
  type SeriesModelSettings,
  seriesRun,
  seriesRunModel,
} from "./series-run.js";
export * from "./synthetic-run.js";
export { type OpenedTagRun, type TagEncoding, type TagModelSettings, tagRunModel } from "./tag-run.js";
export * from "./text-run.js";
export { type OpenedTreesRun, type TreesModelSettings, treesRunModel } from "./trees-run.js";
