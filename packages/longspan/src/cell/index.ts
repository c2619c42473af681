export { listed } from "./check-definition.js";
export * from "./define.js";
export { type DerivativeReads, derivativeReads } from "./derivative-reads.js";
export * from "./graph.js";
export * from "./linearize.js";
export type { MessageReduction, MessageReductions } from "./messages.js";
export { printCell, printCellAs, printEquation, valueNames } from "./print.js";
export * from "./pullback.js";
export { type Reentered, reenter } from "./reenter.js";
export {
  setArgmax,
  setAt,
  setCount,
  setLogSoftmax,
  setLogSumExp,
  setMax,
  setMean,
  setPlaces,
  setSoftmax,
  setSum,
} from "./set-functions.js";
export * from "./simplify.js";
export type { StartOf } from "./start.js";
export type {
  EdgeContext,
  InputSpec,
  InputSpecs,
  OperandSpecs,
  OperandsOf,
  ParamSpec,
  ParamsOf,
  ParamValues,
  SetSpecs,
  Shapes,
  StepContext,
  StepResult,
  ValuesOf,
} from "./step.js";
export type { OperandSource, TracedCell } from "./trace-cell.js";
export * from "./transpose.js";
export * from "./verify.js";
