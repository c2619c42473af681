export {
  fromPytorch,
  type PytorchKind,
  type PytorchLayer,
  type PytorchOptions,
  type PytorchRowLayer,
} from "./from-pytorch.js";
export { type ToPytorchOptions, toPytorch } from "./to-pytorch.js";
