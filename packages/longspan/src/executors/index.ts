export {
  chooseExecutor,
  type ExecutorName,
  type ExecutorStatus,
  executor,
  executorReport,
  loadWasmExecutor,
  useThreads,
} from "./choose.js";
export { IndexError } from "./memory/index-error.js";
export type { InstructionSetSpeed } from "./native/index.js";
export { ReferenceExecutor } from "./reference/index.js";
export type { ModuleAddress, WasmModules } from "./wasm/index.js";
