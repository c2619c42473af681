export * from "./balanced-weights.js";
export * from "./classification/index.js";
export { type ExampleBatches, type ExampleBatchesConfig, exampleBatches } from "./example-batches.js";
export { type ExampleTask, type ExampleTaskOptions, exampleTask } from "./example-task.js";
export { forEachBatch } from "./for-each-batch.js";
export * from "./held-out-part.js";
export type { EvaluateExamplesOptions, Evaluation, Learner } from "./learner.js";
export * from "./predictor.js";
