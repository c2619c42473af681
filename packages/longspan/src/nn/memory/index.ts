export * from "./action-stacks.js";
export {
  type AddressPart,
  type AddressPartAnswer,
  type AddressPartCall,
  addressAsBefore,
  addressByContent,
  addressByPlace,
  gatedAddress,
  sharpenedAddress,
  shiftedAddress,
} from "./address-parts.js";
export { allocationWeights } from "./allocation.js";
export * from "./deque-memory.js";
export {
  type DifferentiableNeuralComputerConfig,
  differentiableNeuralComputer,
} from "./differentiable-neural-computer.js";
export { type DncMemoryConfig, type DncMemoryState, dncMemory } from "./dnc-memory.js";
export { drawnAddress } from "./drawn-address.js";
export * from "./links.js";
export type { Memory, MemoryAnswer, MemoryCall, MemorySpecs } from "./memory.js";
export { namedMachine } from "./named-machine.js";
export { type NeuralTuringMachineConfig, neuralTuringMachine } from "./neural-turing-machine.js";
export * from "./queue-memory.js";
export * from "./read-and-write.js";
export * from "./stack-memory.js";
export type { StrengthsConfig, StrengthsState } from "./strengths.js";
export { type MachineName, type MachineRow, type MachineSizes, machineTable } from "./table.js";
export { type TuringMemoryConfig, type TuringMemoryState, turingMemory } from "./turing-memory.js";
export { nextUsage, retainedUsage } from "./usage.js";
export {
  type ControllerConfig,
  type Machine,
  type MemorySums,
  type WithMemoryConfig,
  type WithMemorySpecs,
  type WithMemoryState,
  withMemory,
} from "./with-memory.js";
