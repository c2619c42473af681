export type { RowTriangle } from "../../linear-algebra/index.js";
export { type ChooseRidgeOptions, type ChosenRidge, chooseRidge } from "./choose-ridge.js";
export type { RowProducts } from "./products.js";
export { readoutError } from "./readout-error.js";
export {
  addReadoutRows,
  mergeReadoutSums,
  type ReadoutMethod,
  type ReadoutSums,
  type ReadoutSumsConfig,
  readoutSums,
} from "./readout-sums.js";
export {
  type RecursiveLeastSquares,
  type RecursiveLeastSquaresConfig,
  type RecursiveReadout,
  recursiveLeastSquares,
} from "./recursive-least-squares.js";
export {
  type RidgeReadoutOptions,
  ridgeReadout,
  type SolveReadoutOptions,
  solveReadout,
} from "./solve-readout.js";
