import type { Shapes, StepResult } from "../../cell/index.js";

/** The slot of the state that a step gives as its output; undefined where its output is none. */
export function outputSlot({ state, output }: StepResult<Shapes, unknown, unknown>): string | undefined {
  return Object.keys(state).find((slot) => state[slot] === output);
}
