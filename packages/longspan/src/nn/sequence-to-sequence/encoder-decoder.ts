import type { ParamsOf, Shapes } from "../../cell/index.js";
import { check, checkSettings, flag, isRecord, kind, optional, orNull, positive } from "../../check/index.js";
import type { Traceable, Value } from "../../tensor/index.js";
import { keyKind, treeKind } from "../../tensor/kinds.js";
import { type Structure, unfold } from "../../unfold/index.js";
import { backwardKind } from "../../unfold/kinds.js";
import type { AddressingSpecs } from "../addressing/index.js";
import type { CellMaker } from "../cells/inner-cell.js";
import { checkInit } from "../layers/check-call.js";
import { type LinearParams, linear } from "../layers/index.js";
import { rowsKind, rowsOf } from "../layers/rows.js";
import type { AnySequenceLayer, Layer, Module, SequenceOptions } from "../module.js";
import { attentionKinds, attentionOf } from "./attend.js";
import {
  checkParts,
  checkSource,
  checkTarget,
  type Sequences,
  type TargetSequences,
} from "./check-sequences.js";
import { checkContext, contextOf } from "./context.js";
import { type DecoderCellParts, type DecoderSpecs, decoderCell } from "./decoder-cell.js";
import { checkWays, configKinds, type EncoderDecoderConfig } from "./encoder-decoder-settings.js";
import { copiedFirstState, type FirstStateParams, mappedFirstState } from "./first-state.js";
import { featuresOf, featuresOfReads } from "./reads.js";
import { withSource } from "./with-source.js";

/** Parameters of an encoder-decoder, by its parts; parts that it lacks are absent. */
export interface EncoderDecoderParams<E, P, R = never> {
  readonly encoder: E;
  readonly reads?: R;
  readonly first?: FirstStateParams;
  readonly decoder: ParamsOf<DecoderSpecs<P, AddressingSpecs>>;
  readonly readout: LinearParams;
}

/** A source that has been read: all that the decoder needs of it. */
export interface EncodedSource {
  /** Where the sequences of the source lie. */
  readonly structure: Structure;
  /** The encoder's outputs, [source nodes, features], in the rows of the structure; null where nothing attends to them. */
  readonly members: Value | null;
  /** C, [sequences, features]; null where there is none. */
  readonly context: Value | null;
  /** The decoder's first state, by slot; what is not there is zero. */
  readonly first: Readonly<Record<string, Value>>;
}

/** How an encoder-decoder is run. */
export interface EncoderDecoderOptions
  extends Pick<SequenceOptions<unknown>, "key" | "backward" | "clipState" | "rows"> {
  /** Whether the weights of attention are given, for plots. They are not by default. */
  readonly weights?: boolean;
}

/** What an encoder-decoder gives. */
export interface EncoderDecoderResult {
  /** Rows of the target's structure, [nodes, output]; or those that `rows` asks for. */
  readonly output: Value;
  /** The decoder's state after each target's last step, one row per sequence. */
  readonly final: Readonly<Record<string, Value>>;
  /** Weights of attention, one per pair of a target's node and a member of its source, as `target.pairs("source")` orders them; null where they are not asked for. */
  readonly weights: Value | null;
  /** The target's structure, carrying the source. */
  readonly structure: Structure;
}

/** An encoder-decoder, made by `encoderDecoder`. */
export interface EncoderDecoder<E, P, R = never>
  extends Module<
    EncoderDecoderParams<E, P, R>,
    [source: Sequences, target: TargetSequences, options?: EncoderDecoderOptions],
    EncoderDecoderResult
  > {
  /**
   * The equation of the chapter that says what the model can represent. Where the decoder reads the outputs before, any distribution of
   * outputs given the source, log p(y(t) | x, y(1), ..., y(t-1)): (10.30). Where it does not, outputs that are independent given the source,
   * log p(y(t) | x): (10.29).
   */
  readonly represents: "10.29" | "10.30";
  /** The slots of the decoder's state. */
  readonly state: Shapes;
  /** Features of a step of the output. */
  readonly features: number;
  /** Reads the source. */
  encode(
    params: Traceable<EncoderDecoderParams<E, P, R>>,
    source: Sequences,
    options?: EncodingOptions,
  ): EncodedSource;
  /** Writes the target, of a source that has been read. From a state in the middle, it goes on. */
  decode(
    params: Traceable<EncoderDecoderParams<E, P, R>>,
    source: EncodedSource,
    target: TargetSequences,
    options?: EncoderDecoderOptions & { readonly initial?: Readonly<Record<string, Value>> },
  ): EncoderDecoderResult;
}

/** How a source is read. */
export type EncodingOptions = Pick<SequenceOptions<unknown>, "key" | "backward" | "clipState">;

/**
 * An encoder-decoder: one net reads a source of any length, another writes a target of any other (section 10.4, figure 10.12).
 *
 *     C = f(encoder(x(1), ..., x(n)))                      the context: by default the last state
 *     h(0) = tanh(C W + b)                                 the decoder's first state, and
 *     h(t) = cell([y(t-1), C], h(t-1))                     with `everyStep`, C at every step: the rows of the cell's matrix that it meets are R
 *     o(t) = c + V h(t)
 *
 * With attention, the decoder sees all outputs of the encoder instead of one vector: `attend` says how. The sizes of encoder, C and decoder
 * are free, and so are the lengths.
 *
 * What the decoder reads at a step is what was put out at the step before: that of the data while it is trained, which is teacher forcing. So
 * target.x is [start, y(1), ..., y(T)], and the answers are [y(1), ..., y(T), end]; `packPairs` makes both. The loss is the mean over pairs of
 * -log P(Y | X): `structure.sumPerSequence(crossEntropyPerRow(output, answers))`, and the mean of that.
 *
 * `apply` reads the source and writes the target. `encode` and `decode` are its two halves: read a source once, then write step by step from
 * the state that `decode` hands on.
 *
 * @throws RangeError if nothing leads from the source to the target, or settings do not go together
 * @throws TypeError if features that are needed are not known beforehand
 * @see Goodfellow, Bengio, Courville (2016), sections 10.2.4 and 10.4; Cho et al. (2014); Sutskever, Vinyals, Le (2014); Bahdanau, Cho, Bengio
 * (2015)
 * @example
 * const model = encoderDecoder({
 *   encoder: stacked([
 *     embedding({ vocabulary: 5, features: 3 }),
 *     bidirectional(gru({ input: 3, hidden: 4 }), gru({ input: 3, hidden: 4 })),
 *   ]),
 *   cell: gru,
 *   hidden: 6,
 *   reads: embedding({ vocabulary: 7, features: 3 }),
 *   output: 7,
 *   attention: { addressing: additiveAddressing({ size: 4 }) },
 * });
 * const source = { x: tensor([1, 2, 3, 4], "int32"), structure: chain([3, 1]) };
 * const target = { x: tensor([0, 0, 5], "int32"), structure: chain([2, 1]) };
 * model.apply(model.init(Key.of(1)), source, target).output.shape // [ 3, 7 ]
 * model.represents // "10.30"
 */
export function encoderDecoder<E, S, P, R = never>(
  config: EncoderDecoderConfig<E, S, P, R>,
): EncoderDecoder<E, P, R> {
  const what = "encoderDecoder";
  const settled = checkSettings<EncoderDecoderConfig<E, S, P, R>>(what, config, configKinds as never);
  const { encoder, cell, hidden, reads, output, everyStep = false, attention } = settled;
  const context = settled.context ? checkContext(what, settled.context) : null;
  const { firstState = context ? "mapped" : "zeros" } = settled;
  checkWays({ context: context !== null, firstState, everyStep, attention: attention !== undefined });
  const parts: DecoderCellParts = {
    what,
    maker: cell as CellMaker<Shapes, unknown>,
    hidden,
    input: featuresOfReads(what, reads),
    context: everyStep ? context!.features : null,
    attention: attention
      ? attentionOf(
          what,
          checkSettings(`${what}: attention`, attention, attentionKinds as never),
          featuresOf(what, "encoder", encoder),
          hidden,
        )
      : null,
    weights: false,
  };
  const decoder = decoderCell(parts);
  let showing: typeof decoder | null = null;
  const readout = linear({ input: decoder.features, output });
  const first = firstState === "mapped" ? mappedFirstState(decoder.inner, context!.features) : null;
  const layer = typeof reads === "object" ? (reads as unknown as Layer<unknown>) : null;
  type Params = EncoderDecoderParams<E, P, R>;

  const encode: EncoderDecoder<E, P, R>["encode"] = (params, source, options) => {
    checkParts(`${what}.encode`, params, ["encoder", ...(first ? ["first"] : [])]);
    checkSource(`${what}.encode`, source);
    const { key, ...others } = checkSettings(`${what}.encode`, options, encodeKinds) as EncodingOptions;
    const { structure } = source;
    const { output, final } = (encoder as unknown as AnySequenceLayer).apply(
      params.encoder as Traceable<unknown>,
      source.x,
      structure,
      { ...others, ...(key ? { key: key.fold(0) } : {}) },
    );
    const C = context && contextOf(what, context, { output, final: final as S, structure });
    return {
      structure,
      members: attention ? output : null,
      context: everyStep ? C : null,
      first: first
        ? first.apply(params.first as Traceable<FirstStateParams>, C!)
        : firstState === "copied"
          ? copiedFirstState(what, decoder.inner, final, structure.sequences)
          : {},
    };
  };

  const decode: EncoderDecoder<E, P, R>["decode"] = (params, source, target, options) => {
    checkParts(`${what}.decode`, params, [...(layer ? ["reads"] : []), "decoder", "readout"]);
    check(`${what}.decode`, "source", source, encodedKind);
    checkTarget(`${what}.decode`, target, reads !== undefined, source.structure.sequences);
    const settled = checkSettings(`${what}.decode`, options, { ...decodeKinds, initial: optional(treeKind) });
    const {
      key,
      backward,
      clipState,
      rows,
      weights = false,
      initial,
    } = settled as EncoderDecoderOptions & {
      initial?: Readonly<Record<string, Value>>;
    };
    const structure = source.members ? withSource(target.structure, source.structure) : target.structure;
    const x = layer ? layer.apply(params.reads as Traceable<unknown>, target.x!) : target.x;
    const inputs = {
      ...(x ? { x } : {}),
      ...(source.context ? { context: source.context } : {}),
      ...(source.members ? { source: { h: source.members } } : {}),
    };
    const showsWeights = weights && attention !== undefined;
    if (showsWeights) showing ??= decoderCell({ ...parts, weights: true });
    const { cell } = showsWeights ? showing! : decoder;
    const result = unfold(cell, params.decoder as never, inputs as never, structure, {
      initial: initial ?? source.first,
      ...(key ? { key: key.fold(1) } : {}),
      ...(backward ? { backward } : {}),
      ...(clipState === undefined ? {} : { clipState }),
    });
    const { output, weights: shown } = (
      showsWeights ? result.output : { output: result.output, weights: null }
    ) as {
      output: Value;
      weights: Value | null;
    };
    const asked = rows ? rowsOf(`${what}.decode`, output, rows) : output;
    return {
      output: readout.apply(params.readout, asked),
      final: result.final as Readonly<Record<string, Value>>,
      weights: shown,
      structure,
    };
  };

  return {
    represents: reads === undefined ? "10.29" : "10.30",
    state: decoder.cell.state,
    features: output,
    init(key, dtype = "float32") {
      checkInit(what, key, dtype);
      const params = {
        encoder: encoder.init(key.fold(0), dtype),
        ...(layer ? { reads: layer.init(key.fold(1), dtype) } : {}),
        ...(first ? { first: first.init(key.fold(2), dtype) } : {}),
        decoder: decoder.cell.init(key.fold(3), dtype),
        readout: readout.init(key.fold(4), dtype),
      };
      return params as Params;
    },
    apply(params, source, target, options) {
      check(`${what}.apply`, "params", params, treeKind);
      checkSource(`${what}.apply`, source);
      checkTarget(`${what}.apply`, target, reads !== undefined, source.structure.sequences);
      const {
        rows: _,
        weights: __,
        ...reading
      } = checkSettings(`${what}.apply`, options, decodeKinds) as EncoderDecoderOptions;
      return decode(params, encode(params, source, reading), target, options);
    },
    encode,
    decode,
  };
}

const encodeKinds = {
  key: optional(orNull(keyKind)),
  backward: optional(backwardKind),
  clipState: optional(positive),
};
const decodeKinds = { ...encodeKinds, rows: optional(rowsKind), weights: optional(flag) };
const encodedKind = kind(
  "a source that has been read, made by encode",
  (value) => isRecord(value) && "first" in value,
);
