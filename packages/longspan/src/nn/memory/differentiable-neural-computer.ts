import type { Shapes } from "../../cell/index.js";
import type { CellMaker } from "../cells/inner-cell.js";
import { type DncMemoryConfig, type DncMemoryState, dncKinds, dncMemory } from "./dnc-memory.js";
import { type ControllerConfig, type Machine, machineOf } from "./with-memory.js";

/** Settings of `differentiableNeuralComputer`: those of the controller, and those of `dncMemory`. */
export interface DifferentiableNeuralComputerConfig extends DncMemoryConfig, ControllerConfig {}

/**
 * A differentiable neural computer: a controller with a memory that knows which rows are free and in which order they were written to. It
 * is `withMemory` with a `dncMemory`, whose docstrings have the equations.
 *
 * Input x [input]; state that of the controller and of the memory, and read [readHeads width]; output the controller's and what was read,
 * [hidden + readHeads width].
 *
 * @param controller a cell of the library: `lstm`, as published
 * @see Graves et al. (2016), "Hybrid computing using a neural network with dynamic external memory"
 * @example
 * const sizes = { input: 9, hidden: 64, rows: 16, width: 16, readHeads: 4 };
 * const cell = differentiableNeuralComputer(lstm, { ...sizes, maskedKeys: true, deallocation: true, sharpenedLinks: true });
 * unfold(cell, cell.init(Key.of(1)), { x: zeros([5, 9]) }, chain([5])).output.shape // [ 5, 128 ]
 */
export function differentiableNeuralComputer<S extends Shapes, P>(
  controller: CellMaker<S, P>,
  config: DifferentiableNeuralComputerConfig,
): Machine<S, P, Readonly<Record<never, never>>, DncMemoryState> {
  return machineOf("differentiableNeuralComputer", controller, config, dncKinds, dncMemory);
}
