export * from "./curriculum.js";
export {
  type FedBackConfig,
  type FedBackInputs,
  type FedBackSpecs,
  type FedBackState,
  fedBack,
} from "./fed-back.js";
export * from "./output-to-hidden.js";
export * from "./perceptron.js";
export * from "./regime.js";
