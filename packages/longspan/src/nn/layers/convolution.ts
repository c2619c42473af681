import type { ParamSpec } from "../../cell/index.js";
import { specKind } from "../../cell/kinds.js";
import { check, checkSettings, count, describe, flag, optional, size } from "../../check/index.js";
import { add, div, matmul, mul, norm } from "../../ops/index.js";
import {
  formatShape,
  keep,
  ShapeError,
  sameShape,
  scope,
  type Tensor,
  type Traceable,
  type Value,
} from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { glorot, zerosInit } from "../init/index.js";
import { sequenceLayer } from "./sequence-layer.js";
import {
  checkFeatures,
  offsetsOf,
  type PastInputs,
  reachOf,
  type WindowedLayer,
  withReach,
} from "./sliding-window.js";
import { tapped } from "./taps.js";

/** Settings of `convolution`. */
export interface ConvolutionConfig {
  /** Features of x. */
  readonly input: number;
  /** Features of the result. */
  readonly output: number;
  /** Inputs that an output reads. */
  readonly width: number;
  /** Steps from one of them to the next; 1 by default. */
  readonly dilation?: number;
  /** How many of them come after the present one, 0 to width - 1. 0 by default: the convolution is causal. */
  readonly ahead?: number;
  /** Whether each output's weights are a direction and a length; false by default. */
  readonly weightNorm?: boolean;
  /** How W starts, or with `weightNorm` V, [width * input, output]; Glorot-uniform by default. */
  readonly W?: ParamSpec;
}

/** Parameters of `convolution`: W [width * input, output], b [output]. */
export interface ConvolutionParams {
  readonly W: Tensor;
  readonly b: Tensor;
}

/** Parameters of `convolution` with weight normalisation: V [width * input, output], g [output], b [output]. */
export interface NormedConvolutionParams {
  readonly V: Tensor;
  readonly g: Tensor;
  readonly b: Tensor;
}

/**
 * A time-delay network: a one-dimensional convolution over chains of any lengths, causal by default.
 *
 *     y(t) = b + sum over k = 0 .. width - 1 of x(t + (k + ahead - (width - 1)) dilation) W[k]
 *
 * x [nodes, input] gives [nodes, output]. W [width * input, output] holds the W[k], each [input, output], one below the other, that of
 * the earliest input first. Beyond the ends of a sequence x is zero: a sequence of a batch gives what it gives alone. With weight
 * normalisation W = g V / |V|, the norm taken for each output; g starts as |V|.
 *
 * The state is the last inputs, `past` [sequences, reach.behind, input], the oldest first: what follows reads them, so that parts of a
 * sequence, or single steps of a stream, give the numbers of the whole. With `ahead` there is no stream. A chain that runs backwards
 * has its later steps before it. There is no recurrence: `backward` and `clipState` change nothing.
 *
 * @throws ShapeError if a given W is not [width * input, output], or x not [nodes, input]
 * @throws StructureError if the structure is not a chain
 * @see Waibel et al. (1989), "Phoneme recognition using time-delay neural networks"; Goodfellow, Bengio, Courville (2016), section 10.1;
 * Salimans, Kingma (2016), "Weight normalization", equation 2
 * @example
 * const layer = convolution({ input: 3, output: 4, width: 3, dilation: 2 });
 * const { output, final } = layer.apply(layer.init(Key.of(1)), zeros([8, 3]), chain([5, 3]));
 * // output [8, 4], final.past [2, 4, 3]; layer.reach { behind: 4, ahead: 0 }
 */
export function convolution(
  config: ConvolutionConfig & { readonly weightNorm?: false },
): WindowedLayer<ConvolutionParams, PastInputs>;
export function convolution(
  config: ConvolutionConfig & { readonly weightNorm: true },
): WindowedLayer<NormedConvolutionParams, PastInputs>;
export function convolution(config: ConvolutionConfig): WindowedLayer<AnyParams, PastInputs>;
export function convolution(config: ConvolutionConfig): WindowedLayer<AnyParams, PastInputs> {
  const {
    input,
    output,
    width,
    dilation = 1,
    ahead = 0,
    weightNorm = false,
  } = checkSettings("convolution", config, kinds);
  if (ahead >= width)
    throw new RangeError(
      `convolution: ahead is ${describe(ahead)}, expected less than width, ${width}: of the ${width} inputs that an output reads, one is the present one`,
    );
  const shape = [width * input, output];
  const { W = glorot(width * input, output) } = config;
  if (!sameShape(W.shape, shape))
    throw new ShapeError(
      `convolution: W is ${formatShape(W.shape)}, expected ${formatShape(shape)}: [width * input, output]`,
    );
  const offsets = offsetsOf(width - 1 - ahead, ahead, dilation);
  const parts = weightNorm ? (["V", "g", "b"] as const) : (["W", "b"] as const);
  const layer = sequenceLayer<AnyParams, PastInputs>("convolution", {
    input: [input],
    features: output,
    forward: ahead === 0,
    init(key, dtype = "float32") {
      const start = W.initialise(key.fold(0), shape, dtype);
      const b = zerosInit(output).initialise(key.fold(1), [output], dtype);
      return weightNorm ? { V: start, g: keep(scope(() => norm(start, 0) as Tensor)), b } : { W: start, b };
    },
    apply(params, x, structure, { initial } = {}) {
      for (const part of parts) check("convolution.apply", `params.${part}`, params[part], valueKind);
      checkFeatures("convolution", x, input);
      const { rows, past } = tapped("convolution", structure, x, offsets, initial?.past);
      return { output: add(matmul(rows, weightsOf(params)), params.b!), final: { past } };
    },
  });
  return withReach(layer, reachOf(offsets));
}

/** Parameters with or without weight normalisation. */
type AnyParams = Partial<ConvolutionParams & NormedConvolutionParams>;

function weightsOf({ W, V, g }: Traceable<AnyParams>): Value {
  return W ?? mul(V!, div(g!, norm(V!, 0)));
}

const kinds = {
  input: size,
  output: size,
  width: size,
  dilation: optional(size),
  ahead: optional(count),
  weightNorm: optional(flag),
  W: optional(specKind),
};
