export {
  chooseExecutor,
  type ExecutorName,
  type ExecutorStatus,
  executor,
  executorReport,
  useThreads,
} from "./choose.js";
export { IndexError } from "./memory/index-error.js";
export { ReferenceExecutor } from "./reference/index.js";
