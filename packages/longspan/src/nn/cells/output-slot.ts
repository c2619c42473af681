import { type Cell, outSlots, type Shapes, type StepResult } from "../../cell/index.js";

/** The slot of the state that a step gives as its output; undefined where its output is none. */
export function outputSlot({ state, output }: StepResult<Shapes, unknown, unknown>): string | undefined {
  return Object.keys(state).find((slot) => state[slot] === output);
}

/** The slot of its state that a cell gives as its output; undefined where its output is none. */
export function tracedOutputSlot(cell: Cell): string | undefined {
  const { graph } = cell.trace("float32");
  return outSlots(graph).find((_, i) => graph.stateOut[0]?.[i] === graph.outputs[0]?.value)?.name;
}
