import type { UnfoldCall } from "../unfold/index.js";

/** Whether a step has one predecessor, so that dstate(t)/dstate(t-1) is defined: one way in, no edge step. */
export function hasStepJacobian({ cell }: Pick<UnfoldCall, "cell">): boolean {
  return cell.ports.length === 0 && cell.definition.edge === undefined && Object.keys(cell.state).length > 0;
}
