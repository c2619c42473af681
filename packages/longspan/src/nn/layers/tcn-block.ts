import { checkSettings, oneOf, optional, rate, size } from "../../check/index.js";
import { add, relu } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { normalInit } from "../init/index.js";
import { type ConvolutionParams, convolution, type NormedConvolutionParams } from "./convolution.js";
import { type DrawnPer, dropoutOver } from "./dropout.js";
import { type LayerNormParams, layerNorm } from "./layer-norm.js";
import { type LinearParams, linear } from "./linear.js";
import { sequenceLayer } from "./sequence-layer.js";
import { type PastInputs, type WindowedLayer, withReach } from "./sliding-window.js";

/** What keeps the sizes of a block's values: weight normalisation, layer normalisation after each convolution, or nothing. */
export type BlockNorm = "weight" | "layer" | "none";

/** Settings of `tcnBlock`. */
export interface TcnBlockConfig {
  /** Features of x. */
  readonly input: number;
  /** Features of the result. */
  readonly output: number;
  /** Inputs that each of the two convolutions reads at a step. */
  readonly width: number;
  /** Steps from one of them to the next; 1 by default. */
  readonly dilation?: number;
  /** `weight` by default. */
  readonly norm?: BlockNorm;
  /** Rate of dropout after each convolution, in [0, 1); 0 by default. Drawn only if `apply` gets a key. */
  readonly dropout?: number;
  /** Whether dropout drops whole features of a sequence, as in the paper, or draws afresh at every step; `sequence` by default. */
  readonly drawnPer?: DrawnPer;
}

/** Parameters of `tcnBlock`. */
export interface TcnBlockParams {
  readonly first: ConvolutionParams | NormedConvolutionParams;
  readonly second: ConvolutionParams | NormedConvolutionParams;
  /** Of layer normalisation: absent without it. */
  readonly norms?: { readonly first: LayerNormParams; readonly second: LayerNormParams };
  /** Of the way past the convolutions: absent where the width stays. */
  readonly across?: LinearParams;
}

/** State of `tcnBlock`: what each convolution has read. */
export interface TcnBlockState {
  readonly first: PastInputs;
  readonly second: PastInputs;
}

/**
 * The residual block of a temporal convolutional network: two causal convolutions, each normalised, rectified and dropped out, beside
 * a way past both.
 *
 *     F(x) = drop(relu(norm(conv2(drop(relu(norm(conv1(x))))))))
 *     y = relu(F(x) + x),   or relu(F(x) + x A + a) where the width changes
 *
 * x [nodes, input] gives [nodes, output]; an output sees 2 (width - 1) dilation steps back. The convolutions' weights start normal,
 * with the variance 2 / (width input) that relu asks for (He et al. 2015); the paper's start with a deviation of .01.
 *
 * @see Bai, Kolter, Koltun (2018), "An empirical evaluation of generic convolutional and recurrent networks for sequence modeling",
 * section 3.3; Salimans, Kingma (2016) for `weight`, Ba, Kiros, Hinton (2016) for `layer`
 * @example
 * const block = tcnBlock({ input: 3, output: 4, width: 2, dilation: 4 });
 * block.apply(block.init(Key.of(1)), zeros([8, 3]), chain([5, 3])).output.shape // [ 8, 4 ]
 */
export function tcnBlock(config: TcnBlockConfig): WindowedLayer<TcnBlockParams, TcnBlockState> {
  const {
    input,
    output,
    width,
    dilation = 1,
    norm = "weight",
    dropout = 0,
    drawnPer = "sequence",
  } = checkSettings("tcnBlock", config, tcnBlockKinds);
  const convolutionOf = (features: number) =>
    convolution({
      input: features,
      output,
      width,
      dilation,
      weightNorm: norm === "weight",
      W: normalInit(Math.sqrt(2 / (width * features)), width * features, output),
    });
  const [first, second] = [convolutionOf(input), convolutionOf(output)];
  const normed = layerNorm({ features: output });
  const across = input === output ? null : linear({ input, output });

  const layer = sequenceLayer<TcnBlockParams, TcnBlockState>("tcnBlock", {
    input: [input],
    features: output,
    forward: true,
    init: (key, dtype = "float32") => ({
      first: first.init(key.fold(0), dtype) as ConvolutionParams | NormedConvolutionParams,
      second: second.init(key.fold(1), dtype) as ConvolutionParams | NormedConvolutionParams,
      ...(norm === "layer"
        ? { norms: { first: normed.init(key.fold(2), dtype), second: normed.init(key.fold(3), dtype) } }
        : {}),
      ...(across ? { across: across.init(key.fold(4), dtype) } : {}),
    }),
    apply(params, x, structure, { initial, key } = {}) {
      const after = (y: Value, which: "first" | "second", stream: number) => {
        const sized = norm === "layer" ? normed.apply(params.norms![which], y) : y;
        return dropoutOver(structure, relu(sized), dropout, key?.fold(stream) ?? null, { per: drawnPer });
      };
      const from = (of: keyof TcnBlockState) =>
        initial?.[of]?.past ? { initial: { past: initial[of].past } } : {};
      const one = first.apply(params.first, x, structure, from("first"));
      const two = second.apply(params.second, after(one.output, "first", 0), structure, from("second"));
      const past = across ? across.apply(params.across!, x) : x;
      return {
        output: relu(add(after(two.output, "second", 1), past)),
        final: { first: one.final, second: two.final },
      };
    },
  });
  return withReach(layer, { behind: 2 * first.reach.behind, ahead: 0 });
}

/** The kinds of the settings of a block. */
export const tcnBlockKinds = {
  input: size,
  output: size,
  width: size,
  dilation: optional(size),
  norm: optional(oneOf("weight", "layer", "none")),
  dropout: optional(rate),
  drawnPer: optional(oneOf("node", "sequence")),
};
