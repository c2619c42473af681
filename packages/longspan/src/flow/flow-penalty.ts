import type { Shapes, ValuesOf } from "../cell/index.js";
import {
  abs,
  add,
  cast,
  div,
  equal,
  less,
  max,
  maximum,
  reshape,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  where,
} from "../ops/index.js";
import { mapTree, type Traceable, type Value } from "../tensor/index.js";
import { type UnfoldCall, watchUnfolds } from "../unfold/index.js";
import { hasStepJacobian } from "./has-step-jacobian.js";
import { type StateGradients, stateGradients } from "./state-gradients.js";

/** Which derivative of Omega is taken; its value is the same for all three. */
export type FlowGradient = "exact" | "book" | "paper";

/** Settings of `flowPenalty`. */
export interface FlowPenaltyOptions {
  /**
   * `exact`: the derivative of Omega. `book`: dL/dh(t) is held constant, dh(t)/dh(t-1) is differentiated in full, through the states
   * too. `paper`: the states are held constant as well, so that only weights that multiply a state learn (Pascanu et al. 2013).
   * `book` unless given.
   */
  readonly gradient?: FlowGradient;
  /** Whether the ratio is that of the norms or of their squares; squared for `paper` unless given, plain for the others. */
  readonly norms?: "plain" | "squared";
  /** Whether the terms of a sequence are added up, as in (10.52), or averaged over all terms that count; the sum unless given. */
  readonly steps?: "sum" | "mean";
  /** The slots that make up h(t), the same for all cells that have them; the whole state unless given. */
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
  /** Terms left out because dL/dh(t) = 0. */
  readonly skipped: Value;
  /** The mean of |(dL/dh(t)) dh(t)/dh(t-1)| / |dL/dh(t)| over the terms that count; below 1, gradients shrink on their way back. */
  readonly meanRatio: Value;
}

/**
 * The regulariser that keeps the gradient's norm on its way back through the recurrence:
 *
 *     Omega = sum over t of ( |(dL/dh(t)) dh(t)/dh(t-1)| / |dL/dh(t)| - 1 )^2          (10.52)
 *
 * for every recurrent layer that `f` runs, of any cell with one way in and no edge step. The ratio is formed per sequence; Omega is
 * the mean over sequences and the sum over layers. h is the whole recurrent state, (h, s) for an LSTM. The sum begins with t = 1, where
 * h(0) is the initial state. Clipping of states and truncation are ignored in the ratios; the derivative of Omega flows back as
 * `f` has it.
 *
 * Ratios are right at any size of dL/dh(t): each is scaled before its norm is taken.
 *
 * @param f the loss and anything else, such as final states. It runs twice, and must do the same both times.
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
  const { gradient = "book" } = options;
  checkOptions(options);
  const point = gradient === "exact" ? params : (mapTree(params, stopGradient) as Traceable<P>);
  const flows = stateGradients(() => f(point).loss);
  return flowPenaltyGiven(f, params, flows, options);
}

/** `flowPenalty` with dL/dstate(t) given: the surrogate whose derivative `book` and `paper` are, if they are constants. */
function flowPenaltyGiven<P, X>(
  f: (params: Traceable<P>) => { readonly loss: Value; readonly aux: X },
  params: Traceable<P>,
  flows: StateGradients,
  options: FlowPenaltyOptions,
): FlowPenalty<X> {
  const {
    gradient = "book",
    norms = gradient === "paper" ? "squared" : "plain",
    steps = "sum",
    slots,
  } = options;
  const held = gradient === "paper";
  const layers: LayerTerms[] = [];
  let at = 0;
  const { loss, aux } = watchUnfolds(
    (call, run) => {
      if (!hasStepJacobian(call)) return run(call.options);
      const flow = flows[at++]!;
      const names = Object.keys(call.cell.state).filter((name) => slots?.includes(name) ?? true);
      const known = names.filter((name) => flow[name] != null);
      if (known.length === 0 || call.structure.nodes === 0) return run(call.options);
      const { scaled, alive } = normalised(known.map((name) => flow[name]!));
      const of = Object.fromEntries(known.map((name, i) => [name, scaled[i]!])) as ValuesOf<Shapes>;
      const result = run({ ...call.options, pullback: { of, held } });
      const pulled = result.pullback as Readonly<Record<string, Value>>;
      layers.push(
        layerTerms(
          call,
          scaled,
          names.map((name) => pulled[name]!),
          alive,
          norms,
          steps,
        ),
      );
      return result;
    },
    () => f(params),
  );
  if (layers.length === 0)
    throw new Error(
      "flowPenalty: nothing to regularise: the loss depends on no layer with recurrent steps of one predecessor (and none of the slots asked for)",
    );
  const total = (of: (layer: LayerTerms) => Value) => layers.map(of).reduce((a, b) => add(a, b));
  const counted = total((l) => l.counted);
  return {
    loss,
    aux,
    omega: total((l) => l.omega),
    counted,
    skipped: total((l) => l.skipped),
    meanRatio: div(
      total((l) => l.ratios),
      maximum(counted, 1),
    ),
  };
}

interface LayerTerms {
  readonly omega: Value;
  readonly counted: Value;
  readonly skipped: Value;
  /** The sum of the ratios. */
  readonly ratios: Value;
}

function layerTerms(
  { structure }: UnfoldCall,
  cotangents: readonly Value[],
  pulled: readonly Value[],
  alive: Value,
  norms: "plain" | "squared",
  steps: "sum" | "mean",
): LayerTerms {
  const after = squaredNorms(pulled);
  const squaredRatio = div(after, where(alive, squaredNorms(cotangents), 1));
  // The root has no slope at zero; the term is 1 there whatever happens around it.
  const some = less(0, after);
  const ratio = where(some, sqrt(where(some, squaredRatio, 1)), 0);
  const term = where(alive, square(sub(norms === "squared" ? squaredRatio : ratio, 1)), 0);
  const counted = sum(cast(alive, ratio.dtype));
  const omega = div(sum(term), steps === "sum" ? Math.max(1, structure.sequences) : maximum(counted, 1));
  return {
    omega,
    counted,
    skipped: sub(structure.nodes, counted),
    ratios: stopGradient(sum(where(alive, ratio, 0))),
  };
}

/** Cotangents of a size at which squares neither overflow nor underflow, and the nodes where they are not all zero: [nodes]. */
function normalised(cotangents: readonly Value[]): { scaled: Value[]; alive: Value } {
  const rows = cotangents[0]!.shape[0]!;
  const largest = stopGradient(cotangents.map((d) => max(abs(flat(d)), 1)).reduce((a, b) => maximum(a, b)));
  // NaN is not zero: it counts, and shows.
  const alive = sub(1, equal(largest, 0));
  const scale = where(alive, largest, 1);
  const scaled = cotangents.map((d) => div(d, reshape(scale, [rows, ...d.shape.slice(1).map(() => 1)])));
  return { scaled, alive };
}

/** Sums of squares over the features of all slots: [nodes]. */
function squaredNorms(slots: readonly Value[]): Value {
  return slots.map((v) => sum(square(flat(v)), 1)).reduce((a, b) => add(a, b));
}

function flat(v: Value): Value {
  return v.rank === 2 ? v : reshape(v, [v.shape[0]!, v.size / Math.max(1, v.shape[0]!)]);
}

function checkOptions({ gradient, norms, steps }: FlowPenaltyOptions): void {
  const oneOf = (name: string, given: string | undefined, known: readonly string[]) => {
    if (given !== undefined && !known.includes(given))
      throw new RangeError(
        `flowPenalty: ${name} is one of ${known.join(", ")}, got ${JSON.stringify(given)}`,
      );
  };
  oneOf("gradient", gradient, ["exact", "book", "paper"]);
  oneOf("norms", norms, ["plain", "squared"]);
  oneOf("steps", steps, ["sum", "mean"]);
}
