import type { Shapes } from "../../cell/index.js";
import type { CellMaker } from "../cells/inner-cell.js";
import {
  type TuringMemoryConfig,
  type TuringMemoryState,
  turingKinds,
  turingMemory,
} from "./turing-memory.js";
import { type ControllerConfig, type Machine, machineOf } from "./with-memory.js";

/** Settings of `neuralTuringMachine`: those of the controller, and those of `turingMemory`. */
export interface NeuralTuringMachineConfig extends TuringMemoryConfig, ControllerConfig {}

/**
 * A neural Turing machine: a controller with a memory whose rows it finds by content and by place. It is `withMemory` with a
 * `turingMemory`, whose docstrings have the equations.
 *
 * Input x [input]; state that of the controller, memory [rows, width], readWeights [readHeads, rows], writeWeights [writeHeads, rows] and
 * read [readHeads width]; output the controller's and what was read, [hidden + readHeads width].
 *
 * @param controller a cell of the library: `lstm`, or `perceptron` for a machine that remembers by its memory alone
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines"
 * @example
 * const cell = neuralTuringMachine(lstm, { input: 9, hidden: 100, rows: 128, width: 20 });
 * unfold(cell, cell.init(Key.of(1)), { x: zeros([5, 9]) }, chain([5])).output.shape // [ 5, 120 ]
 */
export function neuralTuringMachine<S extends Shapes, P>(
  controller: CellMaker<S, P>,
  config: NeuralTuringMachineConfig,
): Machine<S, P, Readonly<Record<never, never>>, TuringMemoryState> {
  return machineOf("neuralTuringMachine", controller, config, turingKinds, turingMemory);
}
