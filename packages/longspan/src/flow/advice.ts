import { type FlowVerdict, type Over, short } from "./verdict.js";

/** What advice on a layer rests on. */
export interface AdvisedLayer {
  /** Mean of the gate that multiplies what is kept of the state; null where the step has none. */
  readonly keeps: number | null;
  /** Spectral radius of the step's Jacobian, a mean over steps; null where none was formed. */
  readonly radius: number | null;
  /** Chains by default. */
  readonly over?: Over;
}

/** Below this, a factor per step counts as what makes the gradient vanish. */
const nearOne = 0.95;

/** What may help, in words; null where there is nothing to put right. */
export function advise(
  kind: FlowVerdict["kind"],
  { keeps, radius, over = "chains" }: AdvisedLayer,
): string | null {
  switch (kind) {
    case "vanishing":
      if (keeps === null) {
        const small =
          radius !== null && radius < nearOne
            ? `, or recurrent weights of a greater spectral radius (that of ${over === "chains" ? "dh(t)/dh(t-1)" : "dh(parent)/dh(child)"} is ${short(radius)})`
            : "";
        const gated = over === "chains" ? "lstm, gru" : "binaryTreeLstm, childSumTreeLstm";
        return `try a gated cell (${gated}), or the flow regulariser (flowPenalty)${small}`;
      }
      return keeps < nearOne
        ? `the gate that keeps the state is at ${short(keeps)} on average: start its bias higher (forgetBias of an lstm), or try the flow regulariser (flowPenalty)`
        : "try the flow regulariser (flowPenalty)";
    case "exploding":
      return "try clipping by the joint norm, a smaller learning rate, or recurrent weights of a smaller spectral radius";
    case "too short":
      return over === "chains" ? "take longer sequences" : "take deeper trees";
    default:
      return null;
  }
}
