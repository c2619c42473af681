export {
  type ComplexNumbers,
  type Eigenpairs,
  eigenpairs,
  eigenvalues,
  powerNorms,
  type Schur,
  type SparseEntries,
  type SymmetricEigen,
  schur,
  singularValues,
  spectralRadius,
  spectralRadiusOfSparse,
  symmetricEigen,
} from "../linear-algebra/index.js";
export type { Saturation } from "./activations.js";
export type { AtLag, CurvatureAtLag } from "./by-lag.js";
export {
  type CurvatureOptions,
  type CurvatureReport,
  curvatureByLag,
  type LayerCurvature,
} from "./curvature.js";
export type { CurvatureVerdict } from "./curvature-verdict.js";
export type { FlowAlongEdges } from "./edge-ratios.js";
export {
  type FlowGradient,
  type FlowPenalty,
  type FlowPenaltyOptions,
  flowPenalty,
} from "./flow-penalty.js";
export {
  type FlowReport,
  type FlowReportOptions,
  flowOf,
  flowReport,
  type LayerFlow,
  type NonFinite,
  type StepJacobian,
} from "./flow-report.js";
export {
  type InputSensitivity,
  inputSensitivity,
  type SensitivityAtLag,
} from "./input-sensitivity.js";
export { type LyapunovOptions, lyapunovExponents } from "./lyapunov.js";
export type { MemoryFigures } from "./memory-figures.js";
export type { MemoryPath } from "./memory-path.js";
export {
  type LayerMemory,
  type MemoryReport,
  type MemoryReportOptions,
  memoryReport,
  type SequenceMemory,
  type WatchedWeights,
} from "./memory-report.js";
export type { GrowthAtLag } from "./product-growth.js";
export type { NormOfPower, RecurrentPowers } from "./recurrent-powers.js";
export type { Curvature } from "./second-derivatives.js";
export type { ProductAtLag } from "./self-loops.js";
export { type StatePath, shortestPath, statePaths } from "./shortest-path.js";
export { type SelfLoopFigures, type TimeConstants, timeConstants } from "./time-constants.js";
export type { FlowVerdict } from "./verdict.js";
