import { lstm } from "../cells/index.js";
import type { AnyCell } from "../cells/table.js";
import { perceptron } from "../feedback/perceptron.js";
import { differentiableNeuralComputer } from "./differentiable-neural-computer.js";
import { neuralTuringMachine } from "./neural-turing-machine.js";

// A machine is a memory's file and its line here: the command line and the tests of cells with memory follow from its row.

/** The names of the library's cells with a memory. */
export type MachineName = "ntm" | "ntmFeedforward" | "dnc";

/** Sizes of a cell with a memory that is made by its name. */
export interface MachineSizes {
  /** Features of x. */
  readonly input: number;
  /** Units of the controller. */
  readonly hidden: number;
  /** Rows of the memory: how many things it holds. */
  readonly rows: number;
  /** Features of a row. */
  readonly width: number;
}

/** A cell with a memory, for what makes one by its name. */
export interface MachineRow {
  /** The cell of these sizes, its other settings at their defaults. */
  make(sizes: MachineSizes): AnyCell;
  /** What it is, in one line of a help text. */
  readonly what: string;
}

/** The library's cells with a memory by name. */
export const machineTable: Readonly<Record<MachineName, MachineRow>> = {
  ntm: {
    make: (sizes) => neuralTuringMachine(lstm, sizes) as AnyCell,
    what: "neural Turing machine, its controller an LSTM",
  },
  ntmFeedforward: {
    make: (sizes) => neuralTuringMachine(perceptron, sizes) as AnyCell,
    what: "neural Turing machine, its controller one hidden layer without a state",
  },
  dnc: {
    make: (sizes) => differentiableNeuralComputer(lstm, sizes) as AnyCell,
    what: "differentiable neural computer, its controller an LSTM",
  },
};
