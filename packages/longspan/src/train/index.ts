export * from "./answer-loss.js";
export * from "./checkpoint.js";
export * from "./clipping-bias.js";
export { type Collective, type Rank, ranksInProcess } from "./collective.js";
export * from "./evaluate-by-length.js";
export * from "./evaluate-synthetic.js";
export * from "./evaluate-text.js";
export { ExplosionError, type StepOrigins, type StepReport } from "./explosion-error.js";
export * from "./non-finite-loss-error.js";
export type { Pause } from "./pace.js";
export * from "./step-by-step.js";
export { type SyntheticTask, type SyntheticTaskOptions, syntheticTask } from "./synthetic-task.js";
export type { Task, TaskLoss, TaskShare } from "./task.js";
export { type TextTask, type TextTaskOptions, textTask } from "./text-task.js";
export type { Budget, TrainCallback, TrainOptions } from "./train-options.js";
export type * from "./train-reports.js";
export * from "./training-loop.js";
export {
  type Best,
  type History,
  startTraining,
  type TrainingState,
  type Validation,
} from "./training-state.js";
export type { ValidationOptions } from "./validation.js";
export { type Penalised, type TaskFlowPenalty, withFlowPenalty } from "./with-flow-penalty.js";
