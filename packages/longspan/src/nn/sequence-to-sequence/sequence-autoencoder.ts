import type { ParamsOf, Shapes } from "../../cell/index.js";
import { check, checkSettings, flag, func, optional, size } from "../../check/index.js";
import { type Traceable, type Value, zeros } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { type Structure, StructureError, unfold } from "../../unfold/index.js";
import { structureKind } from "../../unfold/kinds.js";
import type { AddressingSpecs } from "../addressing/index.js";
import type { CellMaker } from "../cells/inner-cell.js";
import { checkInit } from "../layers/check-call.js";
import { type LinearParams, linear } from "../layers/index.js";
import { layerKind } from "../layers/kinds.js";
import type { AnySequenceLayer, Layer, Module, SequenceLayer } from "../module.js";
import { checkParts } from "./check-sequences.js";
import { type ContextConfig, checkContext, contextKind, contextOf } from "./context.js";
import { type DecoderSpecs, decoderCell } from "./decoder-cell.js";
import { type FirstStateParams, mappedFirstState } from "./first-state.js";
import { featuresOfReads, readsKind } from "./reads.js";
import { shiftRows } from "./shift-rows.js";

/** Settings of `sequenceAutoencoder`. */
export interface SequenceAutoencoderConfig<E, S, P, R = never> {
  /** Reads the sequence: any sequence layer. */
  readonly encoder: SequenceLayer<E, S>;
  /** What makes the decoder's cell of { input, hidden }, such as `gru`. */
  readonly cell: CellMaker<Shapes, P>;
  /** Units of the decoder's cell. */
  readonly hidden: number;
  /** The code: a vector made of the sequence. By default the encoder's last state, h(tau). */
  readonly code: ContextConfig<S>;
  /** Features of what is given back at each step: the numbers of a row of x, or the logits of a symbol. */
  readonly output: number;
  /**
   * What the decoder reads of the step before, beside the code: a layer that works row by row on x, such as `embedding`, or the number of
   * features of x, whose rows are read as they are. Without it, the code is all that the decoder has.
   */
  readonly reads?: Layer<R> | number;
  /** Whether the decoder reads the code at every step; by default where it reads nothing else. Its first state is made of the code in any case. */
  readonly everyStep?: boolean;
  /** Whether the sequence is given back from its last step to its first. It is not by default; a short way to what was read last helps at first. */
  readonly reversed?: boolean;
}

/** Parameters of a sequence autoencoder, by its parts. */
export interface SequenceAutoencoderParams<E, P, R = never> {
  readonly encoder: E;
  readonly reads?: R;
  readonly first: FirstStateParams;
  readonly decoder: ParamsOf<DecoderSpecs<P, AddressingSpecs>>;
  readonly readout: LinearParams;
}

/** A sequence that was given back. */
export interface Reproduced {
  /** What was given back, in the rows of the structure, [nodes, output]. */
  readonly output: Value;
  /** The code, [sequences, features]. */
  readonly code: Value;
}

/** A sequence autoencoder, made by `sequenceAutoencoder`. */
export interface SequenceAutoencoder<E, P, R = never>
  extends Module<SequenceAutoencoderParams<E, P, R>, [x: Value, structure: Structure], Reproduced> {
  /** The code of each sequence, [sequences, features]. */
  encode(params: Traceable<SequenceAutoencoderParams<E, P, R>>, x: Value, structure: Structure): Value;
  /**
   * What the decoder makes of codes.
   * @param structure as many chains as there are codes, of the lengths that are to come back
   * @param x where the decoder reads the step before, the sequences themselves
   * @returns [nodes, output]
   */
  decode(
    params: Traceable<SequenceAutoencoderParams<E, P, R>>,
    code: Value,
    structure: Structure,
    x?: Value,
  ): Value;
}

/**
 * A sequence autoencoder: one net reads a sequence into a vector, the code; another gives the sequence back from it. What survives says
 * what a vector of that size can hold of a sequence of that length (section 10.2.4 asks for h(tau) rich enough to give the input back).
 *
 *     code = encoder(x(1), ..., x(tau)),   h(0) = tanh(code W + b)
 *     h(t) = cell([x(t-1), code], h(t-1)),   y(t) = c + V h(t), which is to be x(t)
 *
 * where x(t-1) is there with `reads`, zeros at the first step, and the code with `everyStep`. The loss is the user's: squared error of rows
 * of numbers, `crossEntropyMean` of symbols.
 *
 * @throws TypeError, ShapeError as `encoderDecoder`
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.4; Srivastava, Mansimov, Salakhutdinov (2015), "Unsupervised learning of video
 * representations using LSTMs"; Dai, Le (2015), "Semi-supervised sequence learning"
 * @example
 * const net = sequenceAutoencoder({
 *   encoder: recurrent(gru({ input: 2, hidden: 8 })),
 *   cell: gru,
 *   hidden: 8,
 *   code: { features: 8 },
 *   output: 2,
 * });
 * const { output, code } = net.apply(net.init(Key.of(1)), zeros([4, 2]), chain([3, 1]));
 * // output [4, 2], code [2, 8]
 */
export function sequenceAutoencoder<E, S, P, R = never>(
  config: SequenceAutoencoderConfig<E, S, P, R>,
): SequenceAutoencoder<E, P, R> {
  const what = "sequenceAutoencoder";
  const settled = checkSettings<SequenceAutoencoderConfig<E, S, P, R>>(what, config, configKinds as never);
  const { encoder, cell, hidden, output, reads, reversed = false } = settled;
  const { everyStep = reads === undefined } = settled;
  const context = checkContext(what, settled.code, "code");
  const { features } = context;
  const decoder = decoderCell({
    what,
    maker: cell as CellMaker<Shapes, unknown>,
    hidden,
    input: featuresOfReads(what, reads),
    context: everyStep ? features : null,
    attention: null,
    weights: false,
  });
  const first = mappedFirstState(decoder.inner, features);
  const readout = linear({ input: decoder.features, output });
  const layer = typeof reads === "object" ? reads : null;
  type Params = SequenceAutoencoderParams<E, P, R>;

  const encode = (name: string, params: Traceable<Params>, x: Value, structure: Structure): Value => {
    checkParts(name, params, ["encoder"]);
    check(name, "x", x, valueKind);
    check(name, "structure", structure, structureKind);
    const read = (encoder as unknown as AnySequenceLayer).apply(
      params.encoder as Traceable<unknown>,
      x,
      structure,
    );
    return contextOf(what, context, { output: read.output, final: read.final as S, structure }, "code");
  };

  const decode = (
    name: string,
    params: Traceable<Params>,
    code: Value,
    structure: Structure,
    x?: Value,
  ): Value => {
    checkParts(name, params, ["first", "decoder", "readout", ...(layer ? ["reads"] : [])]);
    check(name, "code", code, valueKind);
    check(name, "structure", structure, structureKind);
    if (reads !== undefined) check(name, "x", x, valueKind);
    if (structure.sequences !== code.shape[0])
      throw new StructureError(
        `${name}: there are ${code.shape[0]} codes and ${structure.sequences} sequences to give back`,
      );
    const over = reversed ? structure.reversed() : structure;
    const before = () => {
      const rows = layer ? layer.apply(params.reads as Traceable<R>, x!) : x!;
      return shiftRows(over, rows, zeros([1, ...rows.shape.slice(1)], rows.dtype));
    };
    const inputs = {
      ...(reads === undefined ? {} : { x: before() }),
      ...(everyStep ? { context: code } : {}),
    };
    const { output: h } = unfold(decoder.cell, params.decoder as never, inputs as never, over, {
      initial: first.apply(params.first as Traceable<FirstStateParams>, code) as never,
    });
    return readout.apply(params.readout, h as Value);
  };

  return {
    init(key, dtype = "float32") {
      checkInit(what, key, dtype);
      return {
        encoder: encoder.init(key.fold(0), dtype),
        ...(layer ? { reads: layer.init(key.fold(1), dtype) } : {}),
        first: first.init(key.fold(2), dtype),
        decoder: decoder.cell.init(key.fold(3), dtype),
        readout: readout.init(key.fold(4), dtype),
      } as Params;
    },
    apply(params, x, structure) {
      const code = encode(`${what}.apply`, params, x, structure);
      return { output: decode(`${what}.apply`, params, code, structure, x), code };
    },
    encode: (params, x, structure) => encode(`${what}.encode`, params, x, structure),
    decode: (params, code, structure, x) => decode(`${what}.decode`, params, code, structure, x),
  };
}

const configKinds = {
  encoder: layerKind,
  cell: func,
  hidden: size,
  code: contextKind,
  output: size,
  reads: optional(readsKind),
  everyStep: optional(flag),
  reversed: optional(flag),
};
