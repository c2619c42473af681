/**
 * What programs use: cells, layers and losses, `unfold`, derivatives, optimisers, training, data and weight files.
 *
 * @module longspan
 * @primaryExport
 */
import { chooseExecutor } from "./executors/index.js";
import { chooseExecutorBy } from "./tensor/index.js";

export {
  checkDerivatives,
  type DerivativeCheck,
  type GaussNewton,
  gaussNewton,
  gaussNewtonProduct,
  grad,
  hessianVectorProduct,
  jvp,
  type Linearisation,
  type LossBeside,
  linearize,
  markModelOutputs,
  valueAndGrad,
  valueAndGradPerExample,
  valueGradAndAux,
  vjp,
} from "./autodiff/index.js";
export { type Captured, CaptureError, type CaptureOptions, capture, uncapturable } from "./capture/index.js";
export {
  type Cell,
  type CellDefinition,
  CellError,
  defineCell,
  type InputSpec,
  type InputSpecs,
  type ParamSpec,
  type ParamsOf,
  type ParamValues,
  type Shapes,
  type StateRead,
  type StepContext,
  type StepResult,
  type ValuesOf,
} from "./cell/index.js";
export * from "./data/index.js";
export {
  type ExecutorName,
  type ExecutorStatus,
  executor,
  executorReport,
  IndexError,
  type InstructionSetSpeed,
  loadWasmExecutor,
  type ModuleAddress,
  useThreads,
  type WasmModules,
} from "./executors/index.js";
export {
  type AtLag,
  type ComplexNumbers,
  type Curvature,
  type CurvatureAtLag,
  type CurvatureOptions,
  type CurvatureReport,
  type CurvatureVerdict,
  curvatureByLag,
  eigenvalues,
  type FlowGradient,
  type FlowPenalty,
  type FlowPenaltyOptions,
  type FlowReport,
  type FlowReportOptions,
  type FlowVerdict,
  flowPenalty,
  flowReport,
  type LayerCurvature,
  type LayerFlow,
  type LyapunovOptions,
  lyapunovExponents,
  type NonFinite,
  type Saturation,
  type StepJacobian,
  type SymmetricEigen,
  singularValues,
  spectralRadius,
  symmetricEigen,
} from "./flow/index.js";
export * from "./io/index.js";
export * from "./nn/index.js";
export * from "./ops/functions.js";
export * from "./ops/norms.js";
export * from "./optim/index.js";
export { OutOfMemoryError, type Shortage } from "./program/index.js";
export {
  type AnyCellParams,
  decodeRun,
  type KeptWeights,
  type OpenedRuns,
  type OpenedSyntheticRun,
  type OpenedTextRun,
  type RunBytes,
  type RunConfig,
  type RunContent,
  type RunEntry,
  RunError,
  type RunKindName,
  type RunProblem,
  type RunSchema,
  runCells,
  runFiles,
  type SyntheticModelSettings,
  type SyntheticProblemSettings,
  syntheticRunModel,
  syntheticRunProblem,
  type TextModelSettings,
  textRunModel,
} from "./runs/index.js";
export * from "./second-order/index.js";
export {
  type Concrete,
  type CpuTensor,
  type DType,
  defaultExecutor,
  type Executor,
  type ExecutorStatistics,
  fromArray,
  full,
  Key,
  keep,
  leafEntries,
  leaves,
  mapTree,
  mapTrees,
  type NestedNumbers,
  type NumberLists,
  onCpu,
  ones,
  read,
  type Shape,
  ShapeError,
  scope,
  Tensor,
  type Traceable,
  type TypedArray,
  tensor,
  useExecutor,
  Value,
  zeros,
} from "./tensor/index.js";
export * from "./train/index.js";
export {
  type Backward,
  type ChainOptions,
  castTree,
  chain,
  type Graph,
  type GraphEdge,
  graph,
  type Probes,
  type Pullback,
  Structure,
  StructureError,
  type TreeNodes,
  trees,
  type Unfolded,
  type UnfoldOptions,
  unfold,
} from "./unfold/index.js";

chooseExecutorBy(chooseExecutor);
