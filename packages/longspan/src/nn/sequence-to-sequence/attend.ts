import type { Cell, Shapes } from "../../cell/index.js";
import { check, checkSettings, flag, func, oneOf, optional, size, text } from "../../check/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { addressingKind } from "../addressing/addressing.js";
import type { Addressing, AddressingSpecs } from "../addressing/index.js";
import type { CellMaker } from "../cells/inner-cell.js";
import { type Attention, type DecoderSpecs, decoderCell } from "./decoder-cell.js";

/** How a decoder attends, as far as it is not decided by what surrounds it. */
export interface AttentionConfig<Q extends AddressingSpecs = AddressingSpecs, T extends Shapes = Shapes> {
  /** How members of the source are chosen. */
  readonly addressing: Addressing<Q, T>;
  /**
   * When the decoder looks at the source: `"before"` the cell runs, from the old state, so that what it sees goes into the cell (Bahdanau et
   * al. 2015); or `"after"` it has run, from what the cell gives (Luong et al. 2015). By default before.
   */
  readonly attends?: "before" | "after";
  /** The slot of the state that asks, where it attends before: h by default, or the only one. */
  readonly query?: string;
  /** Features of the output, where it attends after; `hidden` by default. */
  readonly output?: number;
  /** Feeds the output to the next step's input, where it attends after (Luong et al. 2015, section 3.3). It does not by default. */
  readonly inputFeeding?: boolean;
}

/** Settings of `attend`. */
export interface AttendConfig<Q extends AddressingSpecs = AddressingSpecs, T extends Shapes = Shapes>
  extends AttentionConfig<Q, T> {
  /** Features of x. */
  readonly input: number;
  /** Units of the cell. */
  readonly hidden: number;
  /** Features of a member of the source. */
  readonly source: number;
  /** Features of a vector per sequence that is read at every step beside x; none by default. */
  readonly context?: number;
  /** Whether the weights of the members are given beside the output, a number per pair of a node and a member. They are not by default. */
  readonly weights?: boolean;
}

/** Inputs of a cell that attends: x at every node, the members of the set `source`, and a context per sequence where there is one. */
export type AttendInputs = {
  readonly x: Shape;
  readonly source: { readonly h: Shape };
  readonly context?: Shape;
};

/** State of a cell that attends: that of the cell, what the addressing keeps, and what is fed to the next step. */
export type AttendState<S, T> = S & T & { readonly fed?: Shape };

/**
 * A cell with attention: at every step it looks at a set, the source, decides how much of each member it wants, and reads their weighted
 * sum, the context c(t). Any cell can be the inner one.
 *
 * It attends before the cell runs (Bahdanau et al. 2015), from the old state:
 *
 *     w(t) = address(h(t-1), source),   c(t) = sum over m of w_m(t) source_m
 *     h(t) = cell([x(t), c(t)], h(t-1)),   output(t) = [h(t), c(t)]
 *
 * or after it (Luong et al. 2015), from what the cell gives:
 *
 *     h(t) = cell([x(t), o(t-1)], h(t-1)),   with o(t-1) only if it feeds its input
 *     w(t) = address(h(t), source),   c(t) = sum over m of w_m(t) source_m
 *     output(t) = o(t) = tanh([c(t), h(t)] W)
 *
 * What depends on members alone, such as the keys of an additive addressing, is formed once, before the loop. Attention after the cell
 * that is not fed back leaves the loop.
 *
 * The structure carries the set: `chain(targets).withSets({ source: chain(sources) })`; its members have one input, source.h [source]. Sources
 * and targets have any length; an empty source is read as zeros. Parameters: cell, those of the inner cell; address, those of the addressing;
 * and combine.W [source + cell's output, output], Glorot-uniform at first, where it attends after. State: the slots of the cell, those of the
 * addressing, and fed [output] where the input is fed.
 *
 * @param cell what makes the inner cell of { input, hidden }, such as `gru`, or `(sizes) => lstm({ ...sizes, forgetBias: 2 })`
 * @throws TypeError for a cell that reads more than x, or gives several values
 * @throws CellError if it is not clear which slot of the state asks
 * @throws RangeError for settings that belong to the other way of attending
 * @see Bahdanau, Cho, Bengio (2015), "Neural machine translation by jointly learning to align and translate"; Luong, Pham, Manning (2015),
 * "Effective approaches to attention-based neural machine translation"
 * @example
 * const cell = attend(gru, { input: 3, hidden: 4, source: 5, addressing: additiveAddressing({ size: 6 }) });
 * const structure = chain([2, 1]).withSets({ source: chain([3, 4]) });
 * const inputs = { x: zeros([3, 3]), source: { h: zeros([7, 5]) } };
 * unfold(cell, cell.init(Key.of(1)), inputs, structure).output.shape // [ 3, 9 ]: h(t) and c(t)
 */
export function attend<S extends Shapes, P, Q extends AddressingSpecs, T extends Shapes>(
  cell: CellMaker<S, P>,
  config: AttendConfig<Q, T> & { readonly weights?: false },
): Cell<AttendInputs, AttendState<S, T>, DecoderSpecs<P, Q>, Value>;
export function attend<S extends Shapes, P, Q extends AddressingSpecs, T extends Shapes>(
  cell: CellMaker<S, P>,
  config: AttendConfig<Q, T> & { readonly weights: true },
): Cell<
  AttendInputs,
  AttendState<S, T>,
  DecoderSpecs<P, Q>,
  { readonly output: Value; readonly weights: Value }
>;
export function attend(cell: CellMaker<Shapes, unknown>, config: AttendConfig): unknown {
  check("attend", "cell", cell, func);
  const settled = checkSettings<AttendConfig>("attend", config, {
    ...attentionKinds,
    input: size,
    hidden: size,
    source: size,
    context: optional(size),
    weights: optional(flag),
  });
  const { input, hidden, source, context = null, weights = false } = settled;
  const attention = attentionOf("attend", settled, source, hidden);
  return decoderCell({ what: "attend", maker: cell, input, hidden, context, attention, weights }).cell;
}

/** The kinds of the settings of attention. */
export const attentionKinds = {
  addressing: addressingKind,
  attends: optional(oneOf("before", "after")),
  query: optional(text),
  output: optional(size),
  inputFeeding: optional(flag),
};

/** Attention with its defaults. @throws RangeError for settings that do not go together */
export function attentionOf(
  what: string,
  { addressing, attends = "before", query, output, inputFeeding = false }: AttentionConfig,
  source: number,
  hidden: number,
): Attention {
  if (attends === "before" && (inputFeeding || output !== undefined))
    throw new RangeError(
      `${what}: ${inputFeeding ? "inputFeeding" : "output"} belongs to attention after the cell, and attends is "before": what a cell reads before it runs goes into it anyway`,
    );
  if (attends === "after" && query !== undefined)
    throw new RangeError(
      `${what}: query names a slot of the old state, and attends is "after": what the cell gives asks then`,
    );
  return {
    source,
    addressing: addressing as unknown as Attention["addressing"],
    attends,
    query,
    output: output ?? hidden,
    inputFeeding,
  };
}
