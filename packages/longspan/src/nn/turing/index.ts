export * from "./machines.js";
export type { RationalWeights } from "./net-of-units.js";
export type { Rational } from "./rational.js";
export * from "./turing-cell.js";
export type { TuringMachine, TuringRule } from "./turing-machine.js";
export * from "./turing-network.js";
export { type TuringConfiguration, type TuringTape, turingSteps } from "./turing-steps.js";
export * from "./universal-machine.js";
