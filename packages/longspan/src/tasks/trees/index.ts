export type { ClassifiedTree } from "./classified-tree.js";
export * from "./tree-classifier.js";
export {
  type TreeEncoding,
  treeEncoder,
  treeEncodingKind,
  treePredictor,
} from "./tree-encoding.js";
export {
  type TreeBatch,
  type TreeTaskOptions,
  treeLearner,
  treeTask,
} from "./tree-learner.js";
