export * from "./check.js";
export * from "./check-loss.js";
export * from "./dual.js";
export * from "./equations.js";
export { fusedRows } from "./fused-rows.js";
export * from "./gauss-newton.js";
export { markModelOutputs, watchModelOutputs } from "./model-outputs.js";
export * from "./per-example.js";
export { type PerRow, rowFunction } from "./row-function.js";
export { gradientsAtTaps, type TappedGradients } from "./taps.js";
export * from "./trace.js";
export {
  grad,
  hessianVectorProduct,
  jvp,
  type Linearisation,
  linearize,
  valueAndGrad,
  valueGradAndAux,
  vjp,
} from "./transforms.js";
export * from "./transpose.js";
export * from "./value-and-grad-per-example.js";
