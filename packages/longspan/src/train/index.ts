export * from "./evaluate-text.js";
export type { Pause } from "./pace.js";
export { type TextTask, textTask } from "./text-task.js";
export * from "./training-loop.js";
export { startTraining, type Task, type TrainingState } from "./training-step.js";
