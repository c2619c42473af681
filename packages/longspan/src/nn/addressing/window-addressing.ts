import type { ParamSpec } from "../../cell/index.js";
import { checkSettings, finitePositive, optional, size } from "../../check/index.js";
import { add, exp, matmul, split, where } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { gateBias, glorot } from "../init/index.js";
import type { Addressing } from "./addressing.js";
import { moveWindow, windowWeights } from "./window.js";

/** Settings of `windowAddressing`. */
export interface WindowAddressingConfig {
  /** K, the number of bumps. */
  readonly components: number;
  /** By how many members the window moves at each step at first; 1 by default. Letters of a text that pen strokes follow take about 0.05. */
  readonly step?: number;
}

/**
 * By place: a window that moves forward only. The query says how wide it is, and by how much it moves on.
 *
 *     [a, b, s] = q P + p,   alpha = e^a,   beta = e^b,   kappa(t) = kappa(t-1) + e^s
 *     weights_m = sum over k of alpha_k exp(-beta_k (kappa_k - u_m)^2),   u_m = 1, 2, ...
 *
 * The keys are not looked at, but for how many there are. Weights do not sum to 1. State kappa [K]: where the bumps stand, 0 before the
 * first step. Parameters P [query, 3 K], Glorot-uniform at first, and p [3 K], 0 at first but for the steps, ln `step`.
 *
 * @see Graves (2013), "Generating sequences with recurrent neural networks", equations 46 to 51
 * @example
 * const window = windowAddressing({ components: 10, step: 0.05 });
 * window.state // { kappa: [ 10 ] }
 * window.specs({ query: 4, key: 6 }).P.shape // [ 4, 30 ]
 */
export function windowAddressing(
  config: WindowAddressingConfig,
): Addressing<{ readonly P: ParamSpec; readonly p: ParamSpec }, { readonly kappa: Shape }> {
  const { components: K, step = 1 } = checkSettings("windowAddressing", config, {
    components: size,
    step: optional(finitePositive),
  });
  return {
    name: "windowAddressing",
    state: { kappa: [K] },
    specs(sizes) {
      const { query } = checkSettings("windowAddressing.specs", sizes, { query: size, key: size });
      return { P: glorot(query, K, { gates: 3 }), p: gateBias(K, [0, 0, Math.log(step)]) };
    },
    address({ query, keys, params: { P, p }, state, members, mask }) {
      const [a, b, s] = split(add(matmul(query, P), p), 3) as [Value, Value, Value];
      const kappa = moveWindow(state.kappa, s);
      const weights = windowWeights({ alpha: exp(a), beta: exp(b), kappa }, keys, members);
      return { weights: mask === undefined ? weights : where(mask, weights, 0), state: { kappa } };
    },
  };
}
