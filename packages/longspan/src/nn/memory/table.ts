import { lstm, rnn } from "../cells/index.js";
import type { AnyCell } from "../cells/table.js";
import { perceptron } from "../feedback/perceptron.js";
import { actionStacks } from "./action-stacks.js";
import { dequeMemory } from "./deque-memory.js";
import { differentiableNeuralComputer } from "./differentiable-neural-computer.js";
import { neuralTuringMachine } from "./neural-turing-machine.js";
import { queueMemory } from "./queue-memory.js";
import { stackMemory } from "./stack-memory.js";
import { withMemory } from "./with-memory.js";

// A machine is a memory's file and its line here: the command line and the tests of cells with memory follow from its row.

/** The names of the library's cells with a memory. */
export type MachineName =
  | "ntm"
  | "ntmFeedforward"
  | "dnc"
  | "neuralStack"
  | "neuralQueue"
  | "neuralDeque"
  | "stackRnn";

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
  neuralStack: {
    make: ({ input, hidden, ...list }) =>
      withMemory(lstm, { input, hidden, memory: stackMemory(list) }) as AnyCell,
    what: "LSTM with a continuous stack",
  },
  neuralQueue: {
    make: ({ input, hidden, ...list }) =>
      withMemory(lstm, { input, hidden, memory: queueMemory(list) }) as AnyCell,
    what: "LSTM with a continuous queue",
  },
  neuralDeque: {
    make: ({ input, hidden, ...list }) =>
      withMemory(lstm, { input, hidden, memory: dequeMemory(list) }) as AnyCell,
    what: "LSTM with a continuous double-ended queue",
  },
  stackRnn: {
    make: ({ input, hidden, rows, width }) => {
      const memory = actionStacks({ stacks: width, depth: rows, top: Math.min(2, rows) });
      return withMemory(rnn, { input, hidden, memory }) as AnyCell;
    },
    what: "RNN with as many stacks of numbers as width says, pushed and popped by actions",
  },
};
