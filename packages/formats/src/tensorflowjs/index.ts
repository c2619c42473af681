export { fromTensorflowjs } from "./from-tensorflowjs.js";
export type { WeightFiles } from "./manifest.js";
