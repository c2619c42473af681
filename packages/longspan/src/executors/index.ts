export { IndexError } from "../program/index-error.js";
export {
  chooseExecutor,
  type ExecutorName,
  type ExecutorStatus,
  executor,
  executorReport,
  loadWasmExecutor,
  useThreads,
} from "./choose.js";
export type { InstructionSetSpeed } from "./native/index.js";
export { ReferenceExecutor } from "./reference/index.js";
export type { ModuleAddress, WasmModules } from "./wasm/index.js";
