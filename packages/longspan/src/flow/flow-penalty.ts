import { check, checkSettings, func, type KindsOf, listOf, oneOf, optional, text } from "../check/index.js";
import { add, div, maximum, stopGradient, sub, sum } from "../ops/index.js";
import { scope, type Traceable, type Value, withoutRelease } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { watchStates } from "./state-gradients.js";
import { stepRatios } from "./step-ratios.js";

/** Which derivative of Omega is taken; its value is the same for all three. */
export type FlowGradient = "exact" | "book" | "paper";

/** Settings of `flowPenalty`. */
export interface FlowPenaltyOptions {
  /**
   * `exact`: the derivative of Omega. `book`: dL/dh(t) is held constant, dh(t)/dh(t-1) is differentiated in full, through the states
   * too. `paper`: the states are held constant as well, so that only weights that multiply a state learn (Pascanu et al. 2013).
   * `book` by default.
   */
  readonly gradient?: FlowGradient;
  /** Whether the ratio is that of the norms or of their squares; by default squared for `paper`, plain for the others. */
  readonly norms?: "plain" | "squared";
  /** Whether the terms of a sequence are added up, as in (10.52), or averaged over all terms that count; the sum by default. */
  readonly steps?: "sum" | "mean";
  /** The slots that make up h(t), the same for all cells that have them; the whole state by default. */
  readonly slots?: readonly string[];
}

/** What `flowPenalty` gives. All but `aux` are scalars. */
export interface FlowPenalty<X> {
  readonly loss: Value;
  readonly aux: X;
  /** Omega, with the derivative that was asked for. */
  readonly omega: Value;
  /** Terms that count, over all layers. */
  readonly counted: Value;
  /** Terms left out because dL/dh(t) = 0, over trees that at an edge's target. */
  readonly skipped: Value;
  /**
   * The mean of |(dL/dh(t)) dh(t)/dh(t-1)| / |dL/dh(t)|, over trees of the ratio along each edge, over the terms that count; below 1,
   * gradients shrink on their way back.
   */
  readonly meanRatio: Value;
}

/**
 * The regulariser that keeps the gradient's norm on its way back through the recurrence:
 *
 *     Omega = sum over t of ( |(dL/dh(t)) dh(t)/dh(t-1)| / |dL/dh(t)| - 1 )^2          (10.52)
 *
 * for every recurrent layer that `f` runs, of any cell. The ratio is formed per sequence; Omega is the mean over sequences and the sum over
 * layers. h is the whole recurrent state, (h, s) for an LSTM. The sum begins with t = 1, where h(0) is the initial state. Clipping of states
 * and truncation are ignored in the ratios; the derivative of Omega flows back as `f` has it.
 *
 * Over any structure, trees and graphs too, there is a term for each edge, from a node m that is read to the node n that reads it:
 *
 *     Omega = sum over edges m -> n of ( |(dL/dh(n)) dh(n)/dh(m)| / |dL/dh(n)| - 1 )^2
 *
 * The derivative dh(n)/dh(m) is that along the edge alone: by the port that the edge leads to, and through the cell's edge step where it
 * has one, all other states that n reads being held. Omega is the mean over trees. A chain's edges are its steps.
 *
 * Ratios are right at any size of dL/dh(t): each is scaled before its norm is taken.
 *
 * @param f the loss and anything else, such as final states
 * @throws Error if no layer can be regularised
 * @see Goodfellow, Bengio, Courville (2016), equation 10.52; Pascanu, Mikolov, Bengio (2013)
 * @example
 * const cell = rnn({ input: 2, hidden: 8 });
 * const f = (params: Traceable<ReturnType<typeof cell.init>>) => {
 *   const { final } = unfold(cell, params, { x: ones([40, 2]) }, chain([20, 20]));
 *   return { loss: sum(square(final.h)), aux: null };
 * };
 * const { value, grads } = valueAndGrad((params: Traceable<ReturnType<typeof cell.init>>) => {
 *   const { loss, omega } = flowPenalty(f, params);
 *   return add(loss, mul(omega, 4));
 * })(cell.init(Key.of(1)));
 */
export function flowPenalty<P, X>(
  f: (params: Traceable<P>) => { readonly loss: Value; readonly aux: X },
  params: Traceable<P>,
  options: FlowPenaltyOptions = {},
): FlowPenalty<X> {
  check("flowPenalty", "f", f, func);
  check("flowPenalty", "params", params, treeKind);
  checkSettings("flowPenalty", options, flowPenaltyKinds);
  const {
    gradient = "book",
    norms = gradient === "paper" ? "squared" : "plain",
    steps = "sum",
    slots,
  } = options;
  // Ratios need what the derivative has kept, so nothing may be released before the end.
  return scope(() =>
    withoutRelease(() => {
      const held = gradient === "paper";
      const seen = watchStates(() => f(params), {
        what: "flowPenalty",
        constant: gradient !== "exact",
      });
      const terms = seen.calls.flatMap(({ structure }, layer) => {
        const flow = seen.gradients[layer]!;
        const chosen = Object.keys(flow).filter((name) => slots?.includes(name) ?? true);
        const known = Object.fromEntries(
          chosen.flatMap((name) => (flow[name] === null ? [] : [[name, flow[name]!]])),
        );
        const derivative = seen.derivativeOf(layer);
        if (derivative === undefined || structure.reads.node.length === 0 || Object.keys(known).length === 0)
          return [];
        const at = stepRatios(derivative, known, { held, norms, slots: chosen });
        const counted = sum(at.counted);
        const over = steps === "sum" ? Math.max(1, structure.sequences) : maximum(counted, 1);
        return {
          omega: div(sum(at.term), over),
          counted,
          skipped: sub(structure.reads.node.length, counted),
          ratios: stopGradient(sum(at.ratio)),
        };
      });
      if (terms.length === 0)
        throw new Error(
          "flowPenalty: nothing to regularise: the loss depends on no recurrent layer whose nodes read each other (and none of the slots asked for)",
        );
      const total = (name: "omega" | "counted" | "skipped" | "ratios") =>
        terms.map((t) => t[name]).reduce((a, b) => add(a, b));
      const counted = total("counted");
      return {
        loss: seen.loss,
        aux: seen.aux,
        omega: total("omega"),
        counted,
        skipped: total("skipped"),
        meanRatio: div(total("ratios"), maximum(counted, 1)),
      };
    }),
  );
}

/** The kinds of the settings of a flow penalty. */
export const flowPenaltyKinds: KindsOf<FlowPenaltyOptions> = {
  gradient: optional(oneOf("exact", "book", "paper")),
  norms: optional(oneOf("plain", "squared")),
  steps: optional(oneOf("sum", "mean")),
  slots: optional(listOf(text, "a list of names of slots")),
};
