export {
  fromPytorch,
  type PytorchCellKind,
  type PytorchKind,
  type PytorchLayer,
  type PytorchOptions,
  type PytorchRecurrentKind,
  type PytorchRowLayer,
  type PytorchRowLayers,
} from "./from-pytorch.js";
export { type ToPytorchOptions, toPytorch } from "./to-pytorch.js";
